namespace MmuStress.Scenarios;

/// <summary>The operations of scenario files, by kind of actor.</summary>
public static class ScenarioFileOperations
{
    /// <summary>A vCPU's guest, and KVM handling its faults.</summary>
    public const string VcpuKind = "vcpu";

    /// <summary>A thread of the process, or of the kernel, that changes the process's memory.</summary>
    public const string HostKind = "host";

    /// <summary>User space as the manager of memslots.</summary>
    public const string MemslotsKind = "memslots";

    /// <summary>User space as the harvester of the dirty log.</summary>
    public const string DirtyLogKind = "dirtyLog";

    /// <summary>The keys of operations.</summary>
    public const string GfnKey = "gfn", PageKey = "page", PagesKey = "pages", ToKey = "to", WithKey = "with", SlotKey = "slot", FlagsKey = "flags";

    private static readonly string[] Nothing = [];
    private static readonly string[] Gfn = [GfnKey];
    private static readonly string[] Page = [PageKey];
    private static readonly string[] Pages = [PagesKey];
    private static readonly string[] Slot = [SlotKey];

    /// <summary>The kinds of actors.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [VcpuKind, HostKind, MemslotsKind, DirtyLogKind];

    /// <summary>The operations.</summary>
    public static IReadOnlyList<ScenarioFileForm> All { get; } =
    [
        new("read", VcpuKind, Gfn, Nothing, "the guest reads; KVM handles the fault where there is one"),
        new("write", VcpuKind, Gfn, Nothing, "the guest writes; KVM handles the fault where there is one"),
        new("faultRead", VcpuKind, Gfn, Nothing, "KVM handles a fault that a read has taken"),
        new("faultWrite", VcpuKind, Gfn, Nothing, "KVM handles a fault that a write has taken"),
        new("unmap", HostKind, Page, Pages, "madvise(MADV_DONTNEED): the pages go, the next access finds zeroes"),
        new("munmap", HostKind, Page, Pages, "munmap(): the pages and their VMA go"),
        new("mmap", HostKind, Page, Pages, "mmap(): a new VMA, where there is none"),
        new("protect", HostKind, Page, Pages, "mprotect(PROT_READ)"),
        new("protectNone", HostKind, Page, Pages, "mprotect(PROT_NONE)"),
        new("unprotect", HostKind, Page, Pages, "mprotect(PROT_READ | PROT_WRITE)"),
        new("mremap", HostKind, [PageKey, ToKey], Pages, "mremap(): the pages move; what was in the new place goes"),
        new("fork", HostKind, Page, Pages, "fork(): the pages are shared with a child; the next write to each copies it"),
        new("write", HostKind, Page, Nothing, "the process writes the page, which breaks copy on write where it is shared"),
        new("merge", HostKind, [PageKey, WithKey], Nothing, "KSM has two pages share one frame, where they are equal"),
        new("migrate", HostKind, Page, Nothing, "the page moves to another frame"),
        new("age", HostKind, Page, Pages, "reclaim takes the marks of recent use off the pages, TLBs included: clear_flush_young"),
        new("clearYoung", HostKind, Page, Pages, "the same without TLBs: clear_young"),
        new("testYoung", HostKind, Page, Nothing, "khugepaged asks whether the page was used recently: test_young"),
        new("collapse", HostKind, Page, Pages, "khugepaged moves the pages into one huge page"),
        new("split", HostKind, Page, Pages, "a huge page is mapped as small pages"),
        new("createSlot", MemslotsKind, [SlotKey, GfnKey, PagesKey, PageKey], [FlagsKey], "KVM_SET_USER_MEMORY_REGION: a new memslot"),
        new("deleteSlot", MemslotsKind, Slot, Nothing, "the memslot goes"),
        new("moveSlot", MemslotsKind, [SlotKey, GfnKey], Nothing, "the memslot moves to another guest frame"),
        new("setFlags", MemslotsKind, [SlotKey, FlagsKey], Nothing, "the memslot's flags change"),
        new("getDirtyLog", DirtyLogKind, Slot, Nothing, "KVM_GET_DIRTY_LOG"),
        new("clearDirtyLog", DirtyLogKind, Slot, Nothing, "KVM_CLEAR_DIRTY_LOG of what getDirtyLog reported; with it, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 is on"),
    ];

    /// <summary>The operation called <paramref name="name"/> that a kind of actor has.</summary>
    /// <param name="kind">The kind of actor.</param>
    /// <param name="name">The operation's name.</param>
    /// <returns>The operation; null where there is none.</returns>
    public static ScenarioFileForm? Find(string kind, string name) =>
        All.FirstOrDefault(o => string.Equals(o.Kind, kind, StringComparison.Ordinal) && string.Equals(o.Name, name, StringComparison.Ordinal));

    /// <summary>The names of the operations that a kind of actor has.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>The names, separated by commas.</returns>
    public static string NamesOf(string kind) => string.Join(", ", All.Where(o => string.Equals(o.Kind, kind, StringComparison.Ordinal)).Select(o => o.Name));
}
