using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A version of the notifier's code that scenarios are run on beside today's.</summary>
/// <param name="Suffix">What the scenario's name ends in: "-v2"; empty for today's.</param>
/// <param name="Summary">What is different about it, for the end of a scenario's summary.</param>
/// <param name="Create">Makes it; null for today's.</param>
public sealed record NotifierVariant(string Suffix, string Summary, Func<Kvm, KvmMmuNotifier>? Create)
{
    /// <summary>Today's.</summary>
    public static NotifierVariant Today { get; } = new("", "", null);

    /// <summary>v2 of the series of April 2021.</summary>
    public static NotifierVariant V2 { get; } = new("-v2", ", with the notifier as posted in v2, April 2021", static kvm => new NotifierV2(kvm));

    /// <summary>Without anything that keeps memslots from changing between start and end.</summary>
    public static NotifierVariant Unblocked { get; } =
        new("-before", ", with nothing that keeps memslots from changing meanwhile", static kvm => new NotifierUnblocked(kvm));

    /// <summary>With a VM's end that forgets nothing.</summary>
    public static NotifierVariant Unforgetting { get; } =
        new("-before", ", and nothing forgets the notification", static kvm => new NotifierUnforgetting(kvm));

    /// <summary>With an architecture that unmaps the first frame only.</summary>
    public static NotifierVariant FirstGfn { get; } =
        new("-before", ", with PPC's callback as converted in April 2021", static kvm => new NotifierFirstGfn(kvm));

    /// <summary>Whether it is today's.</summary>
    public bool IsToday => Create is null;
}
