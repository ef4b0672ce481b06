namespace MmuStress.Explorer;

/// <summary>A part of an exhaustive search: the beginning that its executions share, and which alternatives along it are open.</summary>
/// <param name="Cpus">How many CPUs there are; 0 for the whole search, of which nothing is known yet.</param>
/// <param name="Nodes">The beginning.</param>
/// <param name="FirstUnknown">From which node on races have not been looked for.</param>
internal sealed record SearchTask(int Cpus, IReadOnlyList<TaskNode> Nodes, int FirstUnknown)
{
    /// <summary>The whole search.</summary>
    public static SearchTask Everything { get; } = new(0, [], 0);
}
