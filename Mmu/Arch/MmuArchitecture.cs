namespace MmuStress.Mmu;

/// <summary>One MMU that can be put under test.</summary>
/// <param name="Name">What users call it: "loongarch-v20".</param>
/// <param name="Summary">What it is, in one line.</param>
/// <param name="Create">Makes it, for <see cref="Kvm"/>'s constructor.</param>
public sealed record MmuArchitecture(string Name, string Summary, Func<Kvm, KvmArch> Create);
