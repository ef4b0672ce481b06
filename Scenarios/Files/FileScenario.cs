using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A scenario that a file describes, on any MMU.</summary>
/// <remarks>Scripts, layout and what is checked are made once; a run makes what an ordinary scenario's run makes.</remarks>
public sealed class FileScenario : Scenario
{
    private static readonly string[] EveryMmu = [.. MmuArchitectures.All.Select(a => a.Name)];

    private readonly ScenarioFile file;
    private readonly FileScripts scripts;
    private readonly FileMemory memory;
    private readonly FileChecks checks;
    private readonly VmOptions options;

    /// <summary>The scenario of a file.</summary>
    /// <param name="file">What the file says.</param>
    /// <exception cref="ScenarioFileException">It makes no sense.</exception>
    public FileScenario(ScenarioFile file)
    {
        ScenarioFileRules.Require(file);
        this.file = file;
        memory = new FileMemory(file);
        scripts = new FileScripts(file);
        checks = new FileChecks(file, memory);
        options = new VmOptions
        {
            Layout = memory.Layout,
            Kvm = new KvmParameters { ManualProtect = scripts.ClearsDirtyLog, RetriesBeforeSchedule = 2 },
        };
        Defaults = new ScenarioParameters
        {
            Vcpus = Math.Max(1, scripts.Vcpus),
            Notifiers = file.Actors.Count(a => string.Equals(a.Kind, ScenarioFileOperations.HostKind, StringComparison.Ordinal)),
            BytesPerVcpu = (long)file.Slots.Aggregate(0UL, (sum, slot) => sum + slot.Pages) * ScenarioParameters.PageSize,
            Slots = file.Slots.Count,
            Backing = file.Backing,
            File = ScenarioFileWriter.ToLine(file),
        };
    }

    /// <inheritdoc/>
    public override string Name => file.Name;

    /// <inheritdoc/>
    public override string Summary => file.Summary;

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> CanLeaveOut { get; } = [Vm.PageTableLock];

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations => [];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Mmus => EveryMmu;

    /// <summary>The invariants that are looked at, apart from those that always are.</summary>
    public IReadOnlyList<string> Invariants => checks.Names;

    /// <inheritdoc/>
    public override void Build(Stage stage, ScenarioParameters parameters, string mmu)
    {
        stage.Machine.Ignored = checks.Ignored;
        var vm = new Vm(stage, parameters, mmu, options);
        Map(vm, mmu);
        DirtyLogComplete? dirtyLog = checks.NewDirtyLog();
        Cast(stage, vm, dirtyLog as DirtyLogCompleteStrict);
        if (dirtyLog is not null)
        {
            stage.CheckAtEnd(() => HarvestAll(stage, vm, dirtyLog));
        }

        vm.Check(checks.NewCheckers(vm, dirtyLog));
        if (checks.NeedsDestroy)
        {
            vm.DestroyAtEnd();
        }
    }

    private void Map(Vm vm, string mmu)
    {
        foreach (ScenarioFileMapping mapping in file.Mapped)
        {
            for (ulong i = 0; i < mapping.Pages; i++)
            {
                ulong gfn = mapping.Gfn + i;
                if (!vm.TryTouch(new Gfn(gfn), mapping.Write, memory.ContentOf(memory.PageAt(gfn))))
                {
                    throw new ArgumentException($"MMU {mmu} does not map gfn {gfn} for {(mapping.Write ? "writes" : "reads")}", nameof(mmu));
                }
            }
        }

        if (file.Mapped.Count != 0)
        {
            vm.FlushTlbs();
        }

    }

    private void Cast(Stage stage, Vm vm, DirtyLogCompleteStrict? strict)
    {
        int vcpu = 0;
        for (int i = 0; i < file.Actors.Count; i++)
        {
            ScenarioFileActor actor = file.Actors[i];
            Message[] script = scripts.Of(i, vm.IsFreeRunning);
            switch (actor.Kind)
            {
                case ScenarioFileOperations.VcpuKind:
                    vm.AddVcpu(vcpu++, actor.Name, script);
                    break;
                case ScenarioFileOperations.HostKind:
                    vm.AddHost(actor.Name, scripts.Forks(i), script);
                    break;
                case ScenarioFileOperations.MemslotsKind:
                    vm.AddMemslotManager(actor.Name, script);
                    break;
                default:
                    stage.Add(new FileDirtyLogReader(actor.Name, vm, memory, strict), script);
                    break;
            }
        }
    }

    // When everybody has stopped, what was written since the last harvest is in this one.
    private void HarvestAll(Stage stage, Vm vm, DirtyLogComplete checker)
    {
        var bitmap = new ulong[memory.MostBitmapWords];
        foreach (Memslot slot in vm.Kvm.PeekMemslots().Peek())
        {
            (int id, GfnRange gfns, _, MemslotFlags flags) = slot.Peek();
            if ((flags & MemslotFlags.LogDirtyPages) != MemslotFlags.None)
            {
                checker.HarvestBegins(gfns);
                vm.Kvm.GetDirtyLog(stage.Machine.SetupCpu, id, bitmap).GetResult();
            }
        }
    }
}
