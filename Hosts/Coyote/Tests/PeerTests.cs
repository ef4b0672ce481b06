using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about the protocol as written for other tools: <c>coyote test ... -m PeerProtocol</c>.</summary>
public static class PeerTests
{
    [Test]
    public static void PeerProtocol() => CoyoteTest.RunCaller();

    [Test]
    public static void PeerProtocolBuggy() => CoyoteTest.RunCaller();

    [Test]
    public static void PeerProtocolRel() => CoyoteTest.RunCaller();

    [Test]
    public static void PeerProtocolPtl() => CoyoteTest.RunCaller();
}
