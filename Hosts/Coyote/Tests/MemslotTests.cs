using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about memslots: <c>coyote test ... -m MemslotDeleteVsFaultOnLoongarchV3</c>.</summary>
public static class MemslotTests
{
    [Test]
    public static void MemslotDeleteVsFaultOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsFaultOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsFaultOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsFaultOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotMoveVsFaultOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotMoveVsFaultOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotMoveVsFaultOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotMoveVsFaultOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsUnmapOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsUnmapOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsUnmapOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsUnmapOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsFaultOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsFaultOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsFaultOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsFaultOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotMoveVsFaultOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotMoveVsFaultOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotMoveVsFaultOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotMoveVsFaultOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsUnmapOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsUnmapOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsUnmapOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void MemslotDeleteVsUnmapOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnArm2012() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierV2OnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void SlotsSwapVsNotifierBeforeOnLoongarchMended() => CoyoteTest.RunCaller();
}
