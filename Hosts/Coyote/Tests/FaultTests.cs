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
}
