using System.CommandLine;
using MmuStress.Explorer;

namespace MmuStress.Cli;

/// <summary><c>litmus</c>: decides litmus tests under a memory model.</summary>
internal static class LitmusVerb
{
    private const int MostWorkers = 1024;
    private const string DefaultMemory = "lkmm";

    /// <summary>The verb.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its command.</returns>
    public static Command Create(Surroundings surroundings)
    {
        var paths = new Argument<string[]>("FILE") { Description = "a C-dialect litmus test; of a folder, every *.litmus in it", Arity = ArgumentArity.OneOrMore };
        var compare = new Option<bool>("--compare") { Description = "compares with the 'Result:' comment of each file; exits 1 where one disagrees" };
        var memory = new Option<string>("--memory") { HelpName = "MODEL", Description = "sc, tso or lkmm", DefaultValueFactory = _ => DefaultMemory };
        var workers = new Option<string?>("--workers") { HelpName = "N", Description = "threads (default: one for each core)" };
        var time = new Option<string?>("--time") { HelpName = "TIME", Description = "for how long at most; what is not decided then is refused" };
        var outputs = new OutputOptions(hasFolder: false, hasJUnit: false);
        var command = new Command("litmus", "decides litmus tests: final states, and whether the condition holds never, sometimes or always") { paths, compare, memory, workers, time };
        outputs.AddTo(command);
        command.SetAction(parsed =>
        {
            string model = parsed.GetValue(memory)!;
            MemoryModelList.Require(model);
            var run = new LitmusRun(() => Model(model))
            {
                Workers = parsed.GetValue(workers) is { } w ? Values.Number(w, "--workers", 1, MostWorkers) : Environment.ProcessorCount,
                Time = parsed.GetValue(time) is { } t ? Values.Time(t, "--time") : null,
            };
            Outputs opened = outputs.Read(parsed);
            IReadOnlyList<string> files = LitmusFiles.Of(parsed.GetRequiredValue(paths));
            IReadOnlyList<LitmusOutcome> outcomes = run.Run(files, opened.ShowsProgress, surroundings);
            var report = new LitmusReport(outcomes, model, parsed.GetValue(compare));
            return report.Print(opened.Json, surroundings);
        });
        return command;
    }

    private static IConsistencyModel Model(string name) => name switch
    {
        "sc" => new Sc(),
        "tso" => new Tso(),
        _ => new Lkmm(),
    };
}
