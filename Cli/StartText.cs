namespace MmuStress.Cli;

/// <summary>What is said to somebody who does not know what to type.</summary>
internal static class StartText
{
    /// <summary>Printed when there are no arguments.</summary>
    public const string Text =
        """
        mmu-stress finds, replays and explains race bugs in models of KVM's MMU: it decides which CPU runs at each step,
        saves the interleaving that breaks an invariant as a small file, and prints it as a race diagram.

          mmu-stress list                          what there is to explore
          mmu-stress explore peer-protocol-buggy   find a race and save its schedule
          mmu-stress verify peer-protocol          all interleavings: it holds in every one
          mmu-stress explore all                   every scenario, compared with what is expected of it

        'mmu-stress --help' names all verbs.

        """;

    /// <summary>Printed at the top of --help.</summary>
    public const string Help =
        """
        Finds, replays and explains race bugs in models of KVM's MMU.

        Exit codes: 0 held (replay: reproduced), 1 violated (replay: did not come back),
        2 bad usage or bad input, 3 not decided (verify: a limit was reached), 130 interrupted.
        """;
}
