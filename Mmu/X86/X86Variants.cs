namespace MmuStress.Mmu;

/// <summary>x86's MMU as it was before some fixes, each with what that fix mended and nothing else.</summary>
public static class X86Variants
{
    /// <summary>Before a955cad84cda.</summary>
    public static MmuArchitecture WithoutRootCheck { get; } = Of(static kvm => new X86WithoutRootCheck(kvm));

    /// <summary>Before d62007edf01f.</summary>
    public static MmuArchitecture SkippingInvalidRoots { get; } = Of(static kvm => new X86SkippingInvalidRoots(kvm));

    /// <summary>Before 3a0f64de479c.</summary>
    public static MmuArchitecture AdvancingAfterRestart { get; } = Of(static kvm => new X86AdvancingAfterRestart(kvm));

    /// <summary>Before a835429cda91.</summary>
    public static MmuArchitecture YieldingWithoutFlush { get; } = Of(static kvm => new X86YieldingWithoutFlush(kvm));

    /// <summary>Before ba3a6120a4e7.</summary>
    public static MmuArchitecture OverwritingVolatileBits { get; } = Of(static kvm => new X86OverwritingVolatileBits(kvm));

    /// <summary>Before ed5e484b79e8.</summary>
    public static MmuArchitecture YieldingAtOnce { get; } = Of(static kvm => new X86YieldingAtOnce(kvm));

    private static MmuArchitecture Of(Func<Kvm, KvmArch> create) => MmuArchitectures.X86 with { Create = create };
}
