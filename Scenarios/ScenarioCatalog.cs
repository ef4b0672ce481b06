namespace MmuStress.Scenarios;

/// <summary>The scenarios by the names that users give.</summary>
public static class ScenarioCatalog
{
    /// <summary>The scenarios, in the order in which they are listed.</summary>
    public static IReadOnlyList<Scenario> All { get; } = OfThePostings().Concat(PrivateMemoryScenarios.All).Concat(NestedScenarios.All).Concat(KernelHistory.Scenarios).DistinctBy(s => s.Name, StringComparer.Ordinal).ToList();

    /// <summary>The scenario called <paramref name="name"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The scenario; null where there is none of that name.</returns>
    public static Scenario? Find(string name) => All.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.Ordinal));

    private static Scenario[] OfThePostings() =>
    [
        new FaultVsInvalidate(),
        new CowVsFault(),
        new FastPathVsUnmap(),
        new VmaVsFault(),
        new AccessedAfterRelease(),
        new VcpuMigrates(),
        new RetryStorm(),
        new KickVsEntry(),
        new KickAfterMigration(),
        new WalkVsUnmap(),
        new WalkVsEmptyTable(),
        new WalkVsMemslotDelete(),
        new WalkVsPopulate(),
        new DeepTable(),
        new ReleaseVsUnmap(),
        new ChangePteOverlap(NotifierVariant.Today),
        new ChangePteOverlap(NotifierVariant.V2),
        new ChangePteReadonly(),
        new ChangePteOldEntry(),
        new AgeRange(),
        new MigrateVsWrite(),
        new CollapseVsWrite(),
        new KsmVsWrite(),
        new MemslotDeleteVsFault(),
        new MemslotMoveVsFault(),
        new MemslotDeleteVsUnmap(),
        new SlotsSwapVsNotifier(NotifierVariant.Today),
        new SlotsSwapVsNotifier(NotifierVariant.V2),
        new NestedNotifiers(NotifierVariant.Today),
        new NestedNotifiers(NotifierVariant.V2),
        new NotifierLockOrder(NotifierVariant.Today),
        new NotifierLockOrder(NotifierVariant.V2),
        new OomReaper(NotifierVariant.Today),
        new OomReaper(NotifierVariant.V2),
        new DestroyVsUnmap(NotifierVariant.Today),
        new DestroyVsUnmap(NotifierVariant.V2),
        new DestroyVsUnmap(NotifierVariant.Unforgetting),
        new YieldVsUnmap(isMended: true),
        new YieldVsUnmap(isMended: false),
        new AsidFlush(""),
        new AsidFlush("before"),
        new AsidFlush("ordered"),
        new LiveMigration(),
        new DirtyLog(isStrict: false),
        new DirtyLog(isStrict: false, isManual: true),
        new DirtyLog(isStrict: true),
        new DirtyLogEnable(),
        new DirtyLogVsDelete(),
        new UnmapNeighbour(),
        new WalkVsTableFree(),
        new ChangePteInPlace(),
        new TeardownVsUnmap(),
        new TeardownVsGuest(),
        new GuestAfterRelease(),
        new UpperRootTable(),
        new GpcVsInvalidate(),
        new GpcVsMemslotDelete(),
        new DirtyRingVsWrite(isSmall: false),
        new DirtyRingVsWrite(isSmall: true),
        new RootZapYields(isEndless: true, isBefore: false),
        new Mixed(),
        new ParallelFaults(),
        new ParallelFaultVsUnmap(),
        new BreakVsRead(),
        VmidScenarios.AllocatorRollover,
        VmidScenarios.AllocatorTwice,
        new PeerProtocol("peer-protocol", "the protocol in seven words, as written for other tools", PeerVariant.Correct),
        new PeerProtocol("peer-protocol-buggy", "the same with the check before mmu_lock", PeerVariant.Buggy),
        new PeerProtocol("peer-protocol-rel", "the same with a write barrier before the sequence count", PeerVariant.Release),
        new PeerProtocol("peer-protocol-ptl", "the same with the host's page-table lock on both sides", PeerVariant.PageTableLock),
    ];
}
