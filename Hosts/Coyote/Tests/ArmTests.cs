using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about ARM: <c>coyote test ... -m UnmapNeighbourOnArm2012</c>.</summary>
public static class ArmTests
{
    [Test]
    public static void UnmapNeighbourOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void UnmapNeighbourOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void UnmapNeighbourOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsTableFreeOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsTableFreeOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsTableFreeOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteInPlaceOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void ChangePteInPlaceOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void TeardownVsUnmapOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void TeardownVsUnmapOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void TeardownVsGuestOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void TeardownVsGuestOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void GuestAfterReleaseOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void GuestAfterReleaseOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void UpperRootTableOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void SharedVmidBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void SharedVmid() => CoyoteTest.RunCaller();

    [Test]
    public static void SetPteBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void SetPte() => CoyoteTest.RunCaller();

    [Test]
    public static void FreePgdBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void FreePgd() => CoyoteTest.RunCaller();

    [Test]
    public static void FreePgdReschedBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void FreePgdResched() => CoyoteTest.RunCaller();

    [Test]
    public static void FreeInPartsBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void FreeInParts() => CoyoteTest.RunCaller();

    [Test]
    public static void RootPagesBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void RootPages() => CoyoteTest.RunCaller();

    [Test]
    public static void AsidHotplugBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void AsidHotplug() => CoyoteTest.RunCaller();
}
