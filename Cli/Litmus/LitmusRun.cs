using System.Diagnostics;
using System.Threading;
using MmuStress.Explorer;
using MmuStress.Litmus;

namespace MmuStress.Cli;

/// <summary>Decides litmus tests, several at a time.</summary>
/// <param name="newModel">Makes a memory model, one for each thread.</param>
internal sealed class LitmusRun(Func<IConsistencyModel> newModel)
{
    /// <summary>How many threads.</summary>
    public required int Workers { get; init; }

    /// <summary>For how long at most; null for as long as it takes.</summary>
    public required TimeSpan? Time { get; init; }

    /// <summary>Decides them all.</summary>
    /// <param name="files">The files.</param>
    /// <param name="showsProgress">Whether progress is shown.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>What came of each, in the same order; shorter where it was interrupted.</returns>
    public IReadOnlyList<LitmusOutcome> Run(IReadOnlyList<string> files, bool showsProgress, Surroundings surroundings)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(surroundings.Cancellation);
        if (Time is { } time)
        {
            end.CancelAfter(time);
        }

        var outcomes = new LitmusOutcome?[files.Count];
        var watch = Stopwatch.StartNew();
        int next = -1;
        int done = 0;
        ProgressMeter.Show(
            surroundings,
            showsProgress,
            () => new ProgressSnapshot("litmus", "tests", Volatile.Read(ref done), files.Count, watch.Elapsed.TotalSeconds, null, null),
            () =>
            {
                List<Thread> threads = [.. Enumerable.Range(0, Math.Min(Workers, files.Count)).Select(_ => new Thread(Work))];
                threads.ForEach(t => t.Start());
                threads.ForEach(t => t.Join());
                return true;
            });
        return [.. outcomes.OfType<LitmusOutcome>()];

        void Work()
        {
            var checker = new LitmusChecker(newModel());
            while (!surroundings.IsInterrupted && Interlocked.Increment(ref next) is var i && i < files.Count)
            {
                outcomes[i] = Decide(files[i], checker, end.Token);
                Interlocked.Increment(ref done);
            }
        }
    }

    private static LitmusOutcome Decide(string file, LitmusChecker checker, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        ExpectedResult? expected = null;
        try
        {
            LitmusTest test = LitmusTest.Parse(LitmusFiles.Read(file));
            expected = test.Expected;
            LitmusResult result = checker.Check(test, cancellation);
            return result.Undecided.Length == 0 ? Decided(result) : Refused(result.Undecided, isUnreadable: false);
        }
        catch (LitmusException e)
        {
            return Refused(e.Message, !e.IsUnsupported);
        }
        catch (UsageException e)
        {
            return Refused(e.Message, isUnreadable: true);
        }

        LitmusOutcome Decided(LitmusResult result) => new(file, result, expected, "", IsUnreadable: false, watch.Elapsed.TotalSeconds);

        LitmusOutcome Refused(string reason, bool isUnreadable) => new(file, null, expected, reason.ReplaceLineEndings(" "), isUnreadable, watch.Elapsed.TotalSeconds);
    }
}
