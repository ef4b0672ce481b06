using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>Has the explorer find an order of the unseen steps that explains a window, and keeps what the SPTEs hold then.</summary>
internal sealed class Explainer(Findings findings)
{
    // How many orders are tried, up to equivalence, before a window is left undecided: so many events are printed, but at least so many orders.
    private const int MostPrinted = 1_000_000;
    private const int FewestOrders = 100;

    private readonly ExploredMachine machine = new();
    private readonly WindowPlan plan = new();
    private readonly Explanation explanation = new();
    private WindowProgram? program;
    private FileOrder? fileOrder;

    /// <summary>Explains a window, or says that it can't be explained.</summary>
    /// <param name="window">The window.</param>
    /// <param name="table">What the SPTEs hold before it, and then after it.</param>
    /// <param name="bits">What their bits mean.</param>
    public void Explain(Window window, SpteTable table, SpteBits bits)
    {
        if (window.Events.Count == 0)
        {
            return;
        }

        plan.Make(window, table, bits);
        explanation.Begin();
        program ??= new WindowProgram(plan, explanation);
        fileOrder ??= new FileOrder(program);
        machine.Run(program, fileOrder);
        if (machine.Violation is null)
        {
            Search(window);
        }
        else if (machine.Violation.Invariant != Explanation.Found)
        {
            throw new InvalidOperationException($"line {window.Events[0].Line}: {machine.Violation.Message}");
        }

        Keep(window, table);
    }

    // All orders up to equivalence, until one explains it.
    private void Search(Window window)
    {
        findings.WindowsSearched++;
        VerificationResult result = new Verification(() => new WindowProgram(plan, explanation), new VerificationOptions { Executions = Math.Max(FewestOrders, MostPrinted / window.Events.Count) }).Run();
        if (result.Finding is { } found)
        {
            var replay = new Replay([.. found.Decisions]);
            replay.Begin(0);
            machine.Run(program!, replay);
            return;
        }

        WindowEvent first = window.Events[explanation.FurthestEvent];
        if (Environment.GetEnvironmentVariable("MMU_TRACE_DEBUG") is not null)
        {
            Console.Error.WriteLine($"window {window.Events[0].Line}..{window.Events[^1].Line} events {window.Events.Count} threads {string.Join(',', window.Threads)} invs {window.Invalidations.Count} roots {plan.Roots}->{plan.RootsAtEnd} execs {result.Executions} blocked {result.Blocked} steps {result.Steps}; furthest {first.Line} {first.Kind} {explanation.Reason}");
            int ei = plan.Entries.IndexOf(SpteKey.Of(first.E, first.A, Math.Max(1, (int)first.D)));
            for (int r = 0; ei >= 0 && r < plan.Roots; r++)
            {
                Console.Error.WriteLine($"  root {r} at start {plan.Table.Get(r, plan.Entries[ei]):x}");
            }

            foreach (WindowEvent e in window.Events.Where(e => Math.Abs(e.Line - first.Line) < 60))
            {
                Console.Error.WriteLine($"  {e.Line} {window.Threads[e.Thread]} {e.Kind} {e.A:x} {e.B:x} {e.C:x} {e.D:x}");
            }
        }

        if (result.IsComplete)
        {
            findings.Refuse(first.Line, explanation.Reason ?? "no order of the unseen steps before it explains it");
        }
        else
        {
            findings.LeaveUndecided(first.Line);
        }
    }

    // What is not explained is taken as the trace says it is.
    private void Keep(Window window, SpteTable table)
    {
        for (int root = plan.Roots; root < plan.RootsAtEnd; root++)
        {
            table.AddRoot();
        }

        foreach ((int root, int entry, ulong huge) in program!.Splits)
        {
            table.Split(root, plan.Entries[entry], huge);
        }

        for (int root = 0; root < plan.RootsAtEnd; root++)
        {
            for (int i = 0; i < plan.Entries.Count; i++)
            {
                table.Set(root, plan.Entries[i], program.EntryAtEnd(root, i));
            }
        }

        if (machine.Violation is null)
        {
            foreach (WindowEvent e in window.Events)
            {
                if (e.Kind == WindowEventKind.Changed)
                {
                    table.Set(plan.RootsAtEnd - 1, SpteKey.Of(e.E, e.A, (int)e.D), e.C);
                }
            }
        }

        table.Trim();
    }
}
