namespace MmuStress.Cli;

/// <summary>What the exit codes mean.</summary>
internal static class ExitCode
{
    /// <summary>It held; for replay, the violation was reproduced.</summary>
    public const int Held = 0;

    /// <summary>A violation was found; for replay, it did not come back.</summary>
    public const int Violated = 1;

    /// <summary>Bad usage or bad input.</summary>
    public const int Usage = 2;

    /// <summary>Not decided: a limit was reached before everything was explored.</summary>
    public const int Undecided = 3;

    /// <summary>Interrupted; what was found is saved and printed.</summary>
    public const int Interrupted = 130;
}
