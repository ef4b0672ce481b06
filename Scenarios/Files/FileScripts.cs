using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The scripts of a scenario file's actors, made once: a run makes none.</summary>
internal sealed class FileScripts
{
    private const ulong FirstValue = 1_000_000; // no page holds it in the beginning

    private readonly Message[][] once;
    private readonly Message[][] repeated;
    private readonly bool[] forks;
    private ulong written = FirstValue;

    /// <summary>The scripts of a file.</summary>
    /// <param name="file">What it says.</param>
    public FileScripts(ScenarioFile file)
    {
        once = new Message[file.Actors.Count][];
        repeated = new Message[file.Actors.Count][];
        forks = new bool[file.Actors.Count];
        Dictionary<int, ScenarioFileSlot> slots = file.Slots.ToDictionary(s => s.Slot);
        Dictionary<int, ulong> sizes = [];
        foreach (ScenarioFileSlot slot in file.Slots.Concat(file.Actors.SelectMany(a => a.Does).Where(o => string.Equals(o.Do, "createSlot", StringComparison.Ordinal)).Select(FileMemory.SlotOf)))
        {
            sizes.TryAdd(slot.Slot, slot.Pages);
        }

        for (int i = 0; i < once.Length; i++)
        {
            ScenarioFileActor actor = file.Actors[i];
            int same = Enumerable.Range(0, i).FirstOrDefault(j => string.Equals(file.Actors[j].Kind, actor.Kind, StringComparison.Ordinal) && file.Actors[j].Does.SequenceEqual(actor.Does), -1);
            if (same >= 0)
            {
                // The same object, so that an exhaustive search sees that they are alike.
                (once[i], repeated[i], forks[i]) = (once[same], repeated[same], forks[same]);
                continue;
            }

            forks[i] = actor.Does.Any(o => string.Equals(o.Do, "fork", StringComparison.Ordinal));
            once[i] = actor.Kind switch
            {
                ScenarioFileOperations.VcpuKind => [.. actor.Does.Select(VcpuMessage)],
                ScenarioFileOperations.HostKind => [.. actor.Does.Select(HostMessage)],
                ScenarioFileOperations.MemslotsKind => [.. actor.Does.Select(o => MemslotMessage(o, slots))],
                _ => [.. actor.Does.Select(o => DirtyLogMessage(o, sizes))],
            };
            Message[] back = actor.Kind switch
            {
                ScenarioFileOperations.HostKind => FileRestoration.OfHost(actor.Does),
                ScenarioFileOperations.MemslotsKind => FileRestoration.OfMemslots(file.Slots, slots.Values),
                _ => [],
            };
            repeated[i] = back.Length == 0 ? once[i] : [.. once[i], .. back];
        }

        Vcpus = file.Actors.Count(a => string.Equals(a.Kind, ScenarioFileOperations.VcpuKind, StringComparison.Ordinal));
        ClearsDirtyLog = once.Any(s => s.Any(m => m is ClearsDirtyLog));
    }

    /// <summary>How many vCPUs act.</summary>
    public int Vcpus { get; }

    /// <summary>Whether anybody clears the dirty log by hand.</summary>
    public bool ClearsDirtyLog { get; }

    /// <summary>An actor's script.</summary>
    /// <param name="actor">The actor's place in the file.</param>
    /// <param name="isRepeated">Whether it is gone through again and again, so that it must end as it began.</param>
    /// <returns>The messages.</returns>
    public Message[] Of(int actor, bool isRepeated) => (isRepeated ? repeated : once)[actor];

    /// <summary>Whether an actor forks.</summary>
    /// <param name="actor">The actor's place in the file.</param>
    /// <returns>True when it does.</returns>
    public bool Forks(int actor) => forks[actor];

    private Message VcpuMessage(ScenarioFileOperation operation)
    {
        var gfn = new Gfn(operation.Gfn!.Value);
        return operation.Do switch
        {
            "read" => new GuestReads(gfn),
            "write" => new GuestWrites(gfn, ++written),
            "faultRead" => new GuestFaults(gfn, Write: false),
            "faultWrite" => new GuestFaults(gfn, Write: true),
            _ => throw Unknown(operation),
        };
    }

    private Message HostMessage(ScenarioFileOperation operation)
    {
        ulong page = operation.Page!.Value;
        ulong count = operation.Pages ?? 1;
        return operation.Do switch
        {
            "unmap" => new UnmapsPages(page, count),
            "munmap" => new MunmapsPages(page, count),
            "mmap" => new MapsPages(page, count, Replaces: true),
            "protect" => new ProtectsPages(page, count, VmaFlags.None),
            "protectNone" => new ProtectsPages(page, count, VmaFlags.NoAccess),
            "unprotect" => new ProtectsPages(page, count, VmaFlags.Write),
            "mremap" => new MovesPages(page, count, operation.To!.Value),
            "fork" => new ForksPages(page, count),
            "write" => new WritesPage(page, ++written),
            "merge" => new MergesPages(page, operation.With!.Value),
            "migrate" => new MigratesPage(page),
            "age" => new AgesPages(page, count, Flush: true),
            "clearYoung" => new AgesPages(page, count, Flush: false),
            "testYoung" => new TestsPage(page),
            "collapse" => new CollapsesPages(page, count),
            "split" => new SplitsPages(page, count),
            _ => throw Unknown(operation),
        };
    }

    // Follows the memslots, as KVM_SET_USER_MEMORY_REGION wants all of one each time.
    private static SetsMemslot MemslotMessage(ScenarioFileOperation operation, Dictionary<int, ScenarioFileSlot> slots)
    {
        int number = operation.Slot!.Value;
        switch (operation.Do)
        {
            case "deleteSlot":
                slots.Remove(number);
                return new SetsMemslot(UserspaceMemoryRegion.Deletion(number));
            case "createSlot":
                slots[number] = FileMemory.SlotOf(operation);
                break;
            case "moveSlot":
                slots[number] = slots[number] with { Gfn = operation.Gfn!.Value };
                break;
            case "setFlags":
                slots[number] = slots[number] with { Flags = operation.Flags!.Value };
                break;
            default:
                throw Unknown(operation);
        }

        return new SetsMemslot(FileMemory.RegionOf(slots[number]));
    }

    private static Message DirtyLogMessage(ScenarioFileOperation operation, Dictionary<int, ulong> sizes) => operation.Do switch
    {
        "getDirtyLog" => new ReadsDirtyLog(operation.Slot!.Value),
        "clearDirtyLog" => new ClearsDirtyLog(operation.Slot!.Value, sizes[operation.Slot.Value]),
        _ => throw Unknown(operation),
    };

    private static InvalidOperationException Unknown(ScenarioFileOperation operation) => new($"operation {operation.Do} is in the table and not here");
}
