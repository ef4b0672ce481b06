using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about tables and their walks: <c>coyote test ... -m WalkVsUnmapOnLoongarchV3</c>.</summary>
public static class TableTests
{
    [Test]
    public static void WalkVsUnmapOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsUnmapOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsUnmapOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsUnmapOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsEmptyTableOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsEmptyTableOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsEmptyTableOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsEmptyTableOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsMemslotDeleteOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsMemslotDeleteOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsMemslotDeleteOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsMemslotDeleteOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsPopulateOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsPopulateOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsPopulateOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsPopulateOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DeepTableOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void DeepTableOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void DeepTableOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DeepTableOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsUnmapOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsUnmapOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsUnmapOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsUnmapOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsEmptyTableOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsEmptyTableOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsEmptyTableOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsEmptyTableOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsMemslotDeleteOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsMemslotDeleteOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsMemslotDeleteOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsMemslotDeleteOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsPopulateOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsPopulateOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void WalkVsPopulateOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void DeepTableOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void DeepTableOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void DeepTableOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void ReleaseVsUnmapOnX86() => CoyoteTest.RunCaller();
}
