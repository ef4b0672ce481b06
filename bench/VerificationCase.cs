namespace MmuStress.Bench;

/// <summary>A search for all executions.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Mmu">The MMU; empty where it has none.</param>
/// <param name="Vcpus">How many vCPUs.</param>
/// <param name="Notifiers">How many notifiers.</param>
public sealed record VerificationCase(string Scenario, string Mmu, int Vcpus, int Notifiers)
{
    public int Workers { get; init; } = 1;

    public bool UsesSymmetry { get; init; }

    public string Memory { get; init; } = "sc";

    /// <summary>How many executions there were; 0 before the first search.</summary>
    public long Executions { get; set; }

    /// <summary>The command that does the same.</summary>
    public override string ToString() =>
        $"{Scenario}{(Mmu.Length > 0 ? " -m " + Mmu : "")} -v {Vcpus} -n {Notifiers}{(UsesSymmetry || Memory != "sc" ? "" : " --no-symmetry")} --workers {Workers}{(Memory == "sc" ? "" : " --memory " + Memory)}";
}
