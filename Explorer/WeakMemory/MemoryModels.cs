namespace MmuStress.Explorer;

/// <summary>The memory models by the names that users give.</summary>
public static class MemoryModels
{
    /// <summary>The name of the model used when none is given.</summary>
    public const string Default = "sc";

    /// <summary>The names, in the order in which they are listed.</summary>
    public static IReadOnlyList<string> Names { get; } = [Default, "tso", "lkmm"];

    /// <summary>The model called <paramref name="name"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static MemoryModel Parse(string name) => name switch
    {
        Default => MemoryModel.Sc,
        "tso" => MemoryModel.Tso,
        "lkmm" => MemoryModel.Lkmm,
        _ => throw new ArgumentException($"there is no memory model {name}", nameof(name)),
    };
}
