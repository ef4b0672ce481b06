using MmuStress.Mmu;
using static MmuStress.Scenarios.PrivateMemoryInvariants;

namespace MmuStress.Scenarios;

/// <summary>The scenarios about private memory: each with the conversion as it must be, and with one that is wrong in one point.</summary>
internal static class PrivateMemoryScenarios
{
    private static readonly Func<Kvm, MemoryAttributes> Right = static kvm => new MemoryAttributes(kvm);

    /// <summary>The scenarios.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new PrivateConvertVsFault("private-convert-vs-fault", "a page becomes private while the guest faults on it", Expectation.Held(""), Right),
        new PrivateConvertVsFault(
            "private-convert-vs-fault-late", "the same with the attribute stored when the invalidation is over",
            Expectation.Violated("", "attribute stored outside begin and end", nameof(FaultAnswersForSlots)), static kvm => new WrongConversions.LateAttribute(kvm)),
        new PrivateConvertVsHost("private-convert-vs-host", "a page becomes private while the host writes and reads it", Expectation.Held(""), Right),
        new PrivateConvertVsHost(
            "private-convert-vs-host-late", "the same with the host's entry poisoned when the page is private already",
            Expectation.Violated("", "poison after the flush", HostNeverTouchesPrivate), static kvm => new WrongConversions.LatePoison(kvm)),
        new PrivateShareVsHost("private-share-vs-host", "a private page becomes shared while the host reads it", Expectation.Held(""), Right),
        new PrivateShareVsHost(
            "private-share-vs-host-early", "the same with the host's entry restored before the guest's mapping is gone",
            Expectation.Violated("", "restored before the zap", HostNeverTouchesPrivate), static kvm => new WrongConversions.EarlyUnpoison(kvm)),
        new PrivateConvertVsCopy("private-convert-vs-copy", "a page becomes private while the host's kernel writes it through a reference", Expectation.Held(""), Right),
        new PrivateConvertVsCopy(
            "private-convert-vs-copy-rfc", "the same with references ignored, as in the RFC of April 2021",
            Expectation.Violated("", "references ignored", HostNeverTouchesPrivate), static kvm => new WrongConversions.IgnoresPins(kvm)),
        new PrivateShareVsFault("private-share-vs-fault", "a private page becomes shared while the guest faults on it", Expectation.Held(""), Right, isDropped: false),
        new PrivateShareVsFault(
            "private-share-vs-fault-untold", "the same with a zap and a flush that no fault is told of",
            Expectation.Violated("", "no invalidation around it", NoStalePrivacy), static kvm => new WrongConversions.NoInvalidation(kvm), isDropped: false),
        new PrivateShareVsFault("private-share-vs-poison", "a private page that the host dropped becomes shared while a fault poisons a new one", Expectation.Held(""), Right, isDropped: true),
        new PrivateShareVsFault(
            "private-share-vs-poison-late", "the same with the attribute stored when the invalidation is over",
            Expectation.Violated("", "attribute stored outside begin and end", NoStalePrivacy, PoisonMatchesAttribute, nameof(FaultAnswersForSlots)),
            static kvm => new WrongConversions.LateAttribute(kvm), isDropped: true),
        new PrivateShareVsFault(
            "private-share-vs-poison-unasked", "the same without another look at the attribute under the page's lock",
            Expectation.Violated("", "attribute not looked at again", PoisonMatchesAttribute, nameof(FaultAnswersForSlots)), static kvm => new WrongConversions.PoisonsUnasked(kvm), isDropped: true),
    ];
}
