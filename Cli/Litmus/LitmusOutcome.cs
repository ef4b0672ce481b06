using MmuStress.Litmus;

namespace MmuStress.Cli;

/// <summary>What came of one litmus test.</summary>
/// <param name="File">Its path.</param>
/// <param name="Result">What the model says; null where the test was refused.</param>
/// <param name="Expected">What the file says; null where it says nothing.</param>
/// <param name="Reason">Why it was refused; empty where it was not.</param>
/// <param name="IsUnreadable">Whether it is no litmus test at all.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record LitmusOutcome(string File, LitmusResult? Result, ExpectedResult? Expected, string Reason, bool IsUnreadable, double Seconds)
{
    public bool IsRefused => Result is null;

    public bool IsCompared => Result is not null && Expected is not null;

    public bool Agrees => IsCompared && Result!.Agrees(Expected!);
}
