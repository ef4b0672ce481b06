using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about faults: <c>coyote test ... -m FaultVsInvalidateOnLoongarchV3</c>.</summary>
public static class FaultTests
{
    [Test]
    public static void FaultVsInvalidateOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void FaultVsInvalidateOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void FaultVsInvalidateOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void FaultVsInvalidateOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void FastPathVsUnmapOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void FastPathVsUnmapOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void FastPathVsUnmapOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void FastPathVsUnmapOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void RetryStormOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void RetryStormOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void RetryStormOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void RetryStormOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void KickAfterMigrationOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void KickAfterMigrationOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void KickAfterMigrationOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void KickAfterMigrationOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void FaultVsInvalidateOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void FaultVsInvalidateOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void FaultVsInvalidateOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void FaultVsInvalidateOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void FaultVsInvalidateOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void CowVsFaultOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void FastPathVsUnmapOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void FastPathVsUnmapOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void FastPathVsUnmapOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void FastPathVsUnmapOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaVsFaultOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void AccessedAfterReleaseOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void VcpuMigratesOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void RetryStormOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void RetryStormOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void RetryStormOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void RetryStormOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void KickVsEntryOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void KickAfterMigrationOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void KickAfterMigrationOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void KickAfterMigrationOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void KickAfterMigrationOnX86() => CoyoteTest.RunCaller();
}
