using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about gfn_to_pfn caches: <c>coyote test ... -m GpcVsInvalidateOnLoongarch</c>.</summary>
public static class PfncacheTests
{
    [Test]
    public static void GpcVsInvalidateOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void GpcVsMemslotDeleteOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void GpcRefreshVsRefreshBeforeOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void GpcRefreshVsRefreshOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void GpcDeactivateVsRefreshBeforeOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void GpcDeactivateVsRefreshOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void GpcActivateVsUseBeforeOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void GpcActivateVsUseOnLoongarch() => CoyoteTest.RunCaller();
}
