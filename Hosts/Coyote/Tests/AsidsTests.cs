using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about ASIDs: <c>coyote test ... -m AsidFlushOnMips</c>.</summary>
public static class AsidsTests
{
    [Test]
    public static void AsidFlushOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void AsidFlushBeforeOnMips() => CoyoteTest.RunCaller();
}
