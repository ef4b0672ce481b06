using System.CommandLine;
using MmuStress.Explorer;
using MmuStress.Mmu;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>The options that say how large a scenario is, by the letters of the KVM selftests.</summary>
internal sealed class ScenarioOptions
{
    private const int MostActors = 100_000;

    private readonly Option<string?> mmu = Text("-m", "MMU", $"architecture and posting (default: {MmuList.Default} where the scenario has it, else its first)");
    private readonly Option<string?> vcpus = Text("-v", "N", "vCPUs (default, here and below: the scenario's own)");
    private readonly Option<string?> notifiers = Text("-n", "N", "notifiers: host threads that unmap");
    private readonly Option<string?> bytes = Text("-b", "BYTES", "guest memory per vCPU: 4K, 10M, 3G");
    private readonly Option<string?> slots = Text("-x", "N", "memslots");
    private readonly Option<bool?> overlap = new("-o") { HelpName = "true|false", Arity = ArgumentArity.ZeroOrOne, Description = "all vCPUs share the memory" };
    private readonly Option<string?> backing = Text("-s", "BACKING", "what backs the memory: " + string.Join(", ", BackingList.All));
    private readonly Option<string?> without = Text("--without", "WHAT", "leaves something out, where the scenario has it: rmb, page_table_lock");
    private readonly Option<string?> geometry = Text("--geometry", "PAGE,VA,PA", "tables of arm64-2014: page size, bits of kernel and of guest addresses, as in 64K,48,40");
    private readonly Option<string?> memory = Text("--memory", "MODEL", $"memory model: {string.Join(", ", MemoryModelList.All.Select(m => m.Name))} (default: {MemoryModelList.Default})");

    /// <summary>Offers the options.</summary>
    /// <param name="command">The verb.</param>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { mmu, vcpus, notifiers, bytes, slots, overlap, backing, without, geometry, memory })
        {
            command.Add(option);
        }
    }

    /// <summary>The scenario as it is to be run.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="name">The scenario's name.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The scenario with its parameters on one MMU.</returns>
    /// <exception cref="UsageException">A name or a number is wrong.</exception>
    public ScenarioRun Read(ParseResult parsed, string name, Surroundings surroundings)
    {
        Scenario scenario = Lookup.Scenario(name, surroundings.Scenarios);
        return Read(parsed, scenario, Lookup.Mmu(parsed.GetValue(mmu), scenario, surroundings.Scenarios));
    }

    /// <summary>The MMU that was asked for.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>Its name; null where none was.</returns>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public string? ReadMmu(ParseResult parsed, Surroundings surroundings)
    {
        string? name = parsed.GetValue(mmu);
        if (name is not null)
        {
            Lookup.Require(name, MmuList.Of(surroundings.Scenarios).Select(m => m.Name), "MMU", "'mmu-stress list' names them");
        }

        return name;
    }

    /// <summary>The scenario as it is to be run on one MMU.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="scenario">The scenario.</param>
    /// <param name="onMmu">The MMU's name.</param>
    /// <returns>The scenario with its parameters on one MMU.</returns>
    /// <exception cref="UsageException">A number is wrong.</exception>
    public ScenarioRun Read(ParseResult parsed, Scenario scenario, string onMmu)
    {
        ScenarioParameters p = scenario.Defaults;
        if (scenario is FileScenario)
        {
            RequireNoSize(parsed);
        }

        p = p with
        {
            Vcpus = parsed.GetValue(vcpus) is { } v ? Values.Number(v, "-v", 1, MostActors) : p.Vcpus,
            Notifiers = parsed.GetValue(notifiers) is { } n ? Values.Number(n, "-n", 0, MostActors) : p.Notifiers,
            BytesPerVcpu = parsed.GetValue(bytes) is { } b ? Values.Size(b, "-b") : p.BytesPerVcpu,
            Slots = parsed.GetValue(slots) is { } x ? Values.Number(x, "-x", 1, int.MaxValue) : p.Slots,
            Overlap = parsed.GetResult(overlap) is null ? p.Overlap : parsed.GetValue(overlap) ?? true,
            Backing = parsed.GetValue(backing) ?? p.Backing,
            Without = parsed.GetValue(without) ?? p.Without,
            Geometry = parsed.GetValue(geometry) ?? p.Geometry,
        };
        if (p.Geometry.Length != 0 && !string.Equals(onMmu, MmuArchitectures.Arm64Of2014.Name, StringComparison.Ordinal))
        {
            throw new UsageException($"--geometry is for MMU {MmuArchitectures.Arm64Of2014.Name}; {onMmu} has no choice");
        }

        Lookup.Require(p.Backing, BackingList.All, "backing (-s)", $"there are {string.Join(", ", BackingList.All)}");
        if (p.Without.Length != 0)
        {
            string otherwise = scenario.CanLeaveOut.Count == 0 ? $"from scenario {scenario.Name} nothing can be left out" : $"there is {string.Join(", ", scenario.CanLeaveOut)}";
            Lookup.Require(p.Without, scenario.CanLeaveOut, "part (--without)", otherwise);
        }

        string model = MemoryModelList.Require(parsed.GetValue(memory) ?? MemoryModelList.Default);
        return p.Problem() is { } problem ? throw new UsageException(problem) : new ScenarioRun(scenario, p, onMmu) { Memory = model };
    }

    /// <summary>Runs a scenario once, so that one that is too large is refused before anything is written.</summary>
    /// <param name="run">The scenario.</param>
    /// <exception cref="UsageException">It cannot be explored.</exception>
    public static void RequireExplorable(ScenarioRun run)
    {
        try
        {
            var pilot = new RandomWalk(1);
            pilot.Begin(0);
            new ExploredMachine(wordsPerPage: run.WordsPerPage, memory: MemoryModels.Parse(run.Memory)).Run(run.NewProgram(), pilot);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"scenario {run.Scenario.Name} cannot be explored like that: {Values.WithoutParameter(e)}");
        }
    }

    // A scenario file says all this itself.
    private void RequireNoSize(ParseResult parsed)
    {
        if (new Option[] { vcpus, notifiers, bytes, slots, overlap, backing }.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } given)
        {
            throw new UsageException($"{given.Name} does not go with a scenario file, which says itself how large the scenario is");
        }
    }

    private static Option<string?> Text(string name, string value, string description) => new(name) { HelpName = value, Description = description };
}
