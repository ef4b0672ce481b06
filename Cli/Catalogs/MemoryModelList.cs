using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>The memory models by the names that users give.</summary>
internal static class MemoryModelList
{
    /// <summary>Sequential consistency.</summary>
    public const string Default = MemoryModels.Default;

    private const string Tso = "tso";

    /// <summary>The memory models that there are.</summary>
    public static IReadOnlyList<NamedSummary> All { get; } =
    [
        new(Default, "sequential consistency: a read sees the latest write; barriers have no effect"),
        new(Tso, "total store order, as on x86: a write may reach other CPUs after later reads of its own"),
        new("lkmm", "the kernel's model: a read may see an older write unless a barrier, lock, atomic or dependency forbids it"),
    ];

    /// <summary>Refuses a memory model that does not exist.</summary>
    /// <param name="name">What was typed.</param>
    /// <returns>The name.</returns>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static string Require(string name)
    {
        Lookup.Require(name, All.Select(m => m.Name), "memory model", "'mmu-stress list' names them");
        return name;
    }

    /// <summary>What the memory model of a run cannot show, so that having held says nothing about it.</summary>
    /// <param name="run">The run.</param>
    /// <returns>The barrier that was left out, and the scenario's defect.</returns>
    public static IReadOnlyList<string> NotDetectable(ScenarioRun run)
    {
        var hidden = new List<string>();
        if (BarriersWithoutEffect(run.Memory).Contains(run.Parameters.Without, StringComparer.Ordinal))
        {
            hidden.Add(run.Parameters.Without);
        }

        if (run.Expectation is { } expectation && !expectation.IsDetectableUnder(run.Memory))
        {
            hidden.Add(expectation.Because);
        }

        return hidden;
    }

    /// <summary>The same as a line of text.</summary>
    /// <param name="run">The run.</param>
    /// <returns>A line, or nothing where everything can be shown.</returns>
    public static string NotDetectableLine(ScenarioRun run)
    {
        IEnumerable<string> hidden = NotDetectable(run).Select(n => string.Equals(n, run.Parameters.Without, StringComparison.Ordinal) ? $"that {n} is left out" : n);
        string text = string.Join(", ", hidden);
        return text.Length == 0 ? "" : $"not detectable under memory {run.Memory}: {text}\n";
    }

    private static string[] BarriersWithoutEffect(string memory) => memory switch
    {
        Default => ["rmb", "wmb", "mb"],
        Tso => ["rmb", "wmb"],
        _ => [],
    };
}
