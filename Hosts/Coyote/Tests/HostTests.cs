using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about what the host does: <c>coyote test ... -m ChangePteOverlapOnLoongarchV3</c>.</summary>
public static class HostTests
{
    [Test]
    public static void ChangePteOverlapOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteReadonlyOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteReadonlyOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteReadonlyOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteReadonlyOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOldEntryOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOldEntryOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void AgeRangeOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void AgeRangeOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void AgeRangeOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void AgeRangeOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void MigrateVsWriteOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void MigrateVsWriteOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void MigrateVsWriteOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void MigrateVsWriteOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void CollapseVsWriteOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void CollapseVsWriteOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void CollapseVsWriteOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void CollapseVsWriteOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOverlapV2OnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteReadonlyOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteReadonlyOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteReadonlyOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOldEntryOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteOldEntryOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void AgeRangeOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void AgeRangeOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void AgeRangeOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void MigrateVsWriteOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void MigrateVsWriteOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void MigrateVsWriteOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void MigrateVsWriteOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void CollapseVsWriteOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void CollapseVsWriteOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void CollapseVsWriteOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void CollapseVsWriteOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void KsmVsWriteOnX86() => CoyoteTest.RunCaller();
}
