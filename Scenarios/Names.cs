using System.Globalization;

namespace MmuStress.Scenarios;

/// <summary>The names of actors, made once: a run makes none.</summary>
public static class Names
{
    private static readonly string[] Vcpus = Numbered("vcpu");
    private static readonly string[] Notifiers = Numbered("notifier");

    /// <summary>"vcpu0".</summary>
    /// <param name="id">The number.</param>
    /// <returns>The name.</returns>
    public static string Vcpu(int id) => Of(Vcpus, "vcpu", id);

    /// <summary>"notifier0".</summary>
    /// <param name="id">The number.</param>
    /// <returns>The name.</returns>
    public static string Notifier(int id) => Of(Notifiers, "notifier", id);

    /// <summary>"scheduler", or "scheduler0" where there are several.</summary>
    /// <param name="id">The number.</param>
    /// <param name="count">How many there are.</param>
    /// <returns>The name.</returns>
    public static string Scheduler(int id, int count) => count == 1 ? "scheduler" : string.Create(CultureInfo.InvariantCulture, $"scheduler{id}");

    private static string Of(string[] names, string prefix, int id) =>
        id < names.Length ? names[id] : string.Create(CultureInfo.InvariantCulture, $"{prefix}{id}");

    private static string[] Numbered(string prefix) =>
        Enumerable.Range(0, 64).Select(i => string.Create(CultureInfo.InvariantCulture, $"{prefix}{i}")).ToArray();
}
