namespace MmuStress.Mmu.Tests;

/// <summary>The names of MMUs, for theories.</summary>
internal static class Architectures
{
    public const string V3 = "loongarch-v3";
    public const string V20 = "loongarch-v20";
    public const string Merged = "loongarch";
    public const string Mended = "loongarch-mended";

    public static TestVm Vm(string name, KvmParameters? parameters = null, Func<Kvm, KvmMmuNotifier>? notifier = null) => new(MmuArchitectures.Find(name)!, parameters, notifier);
}
