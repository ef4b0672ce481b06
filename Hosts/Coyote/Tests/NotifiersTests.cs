using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about MMU notifiers: <c>coyote test ... -m NestedNotifiersOnLoongarchV3</c>.</summary>
public static class NotifiersTests
{
    [Test]
    public static void NestedNotifiersOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void NestedNotifiersOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void NestedNotifiersOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void NestedNotifiersOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void NestedNotifiersOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void NestedNotifiersV2OnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void NotifierLockOrderOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void NotifierLockOrderOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void NotifierLockOrderOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void NotifierLockOrderOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void NotifierLockOrderOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void NotifierLockOrderV2OnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void OomReaperOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void OomReaperOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void OomReaperOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void OomReaperOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void OomReaperOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void OomReaperV2OnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DestroyVsUnmapOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DestroyVsUnmapOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void DestroyVsUnmapV2OnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DestroyVsUnmapBeforeOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void YieldVsUnmapOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void YieldVsUnmapBeforeOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void HostTableWalkBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void HostTableWalk() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaShiftBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void VmaShift() => CoyoteTest.RunCaller();

    [Test]
    public static void ApicPageBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void ApicPage() => CoyoteTest.RunCaller();

    [Test]
    public static void ApicPageRetry() => CoyoteTest.RunCaller();

    [Test]
    public static void TlbsDirtyBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void TlbsDirty() => CoyoteTest.RunCaller();

    [Test]
    public static void LocklessRetryBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void LocklessRetry() => CoyoteTest.RunCaller();

    [Test]
    public static void GuestTlbWriteBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void GuestTlbWrite() => CoyoteTest.RunCaller();

    [Test]
    public static void FileCollapseBeforeOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void FileCollapseOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void OomReaperBeforeOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void OomReaperSkipsOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void ClearRefsBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void ClearRefs() => CoyoteTest.RunCaller();

    [Test]
    public static void UnmapTwoPagesBeforeOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void UnmapTwoPagesOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void UnmapTwoPagesOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void UnmapTwoPagesOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void UnmapTwoPagesOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void UnmapTwoPagesOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void EmptyMremapBeforeOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void EmptyMremapOnLoongarchMended() => CoyoteTest.RunCaller();
}
