using MmuStress.Hosts;
using MmuStress.Mmu;

namespace MmuStress.Scenarios.Tests;

/// <summary>Scenario files run free: a script that ends otherwise than it began is put back, so that it can be gone through again.</summary>
[Collection(nameof(FreeHostTests))]
public sealed class FileSoakTests
{
    private static readonly Dictionary<string, int> PutBack = new(StringComparer.Ordinal)
    {
        ["munmap"] = 1,
        ["protect"] = 1,
        ["mremap"] = 2,
        ["create-slot"] = 1,
        ["move-slot"] = 2,
        ["set-flags"] = 1,
        ["no-vcpu"] = 1,
    };

    public static TheoryData<string> Fragments => new(FileFragments.Names);

    [Theory]
    [MemberData(nameof(Fragments))]
    public async Task Soak_OnARightMmu_HoldsRoundAfterRound(string name)
    {
        SoakProgress progress = await FileFragments.On(name, "loongarch-mended").NewFreeHost(rounds: 200).RunAsync(TimeSpan.FromMinutes(10));
        Assert.Null(progress.Violation);
        int aRound = FileFragments.Of(name).Actors.Sum(a => a.Does.Count) + PutBack.GetValueOrDefault(name);
        Assert.Equal(200 * aRound, progress.Messages);
    }

    [Theory]
    [InlineData("munmap", "MapsPages { First = 1, Count = 1, Replaces = True }")]
    [InlineData("mmap", "")]
    [InlineData("protect", "ProtectsPages { First = 1, Count = 2, Flags = Write }")]
    [InlineData("unprotect", "")]
    [InlineData("protect-none", "")]
    [InlineData("mremap", "MapsPages { First = 1, Count = 1, Replaces = True } MapsPages { First = 8, Count = 1, Replaces = True }")]
    [InlineData("unmap", "")]
    public void HostMemory_LeftOtherwise_IsPutBack(string name, string expected) =>
        Assert.Equal(expected, string.Join(' ', FileRestoration.OfHost(FileFragments.Of(name).Actors[1].Does).Select(m => $"{m}")));

    [Fact]
    public void Memslots_LeftOtherwise_ArePutBack()
    {
        ScenarioFileSlot zero = new(0, 1, 2, 1);
        ScenarioFileSlot one = new(1, 4, 2, 4, MemslotFlags.LogDirtyPages);
        Assert.Equal("", Of([zero, one], [one, zero]));
        Assert.Equal("0 = 2 from 1 None", Of([zero, one], [one]));
        Assert.Equal("-1", Of([zero], [zero, one]));
        Assert.Equal("1 = 2 from 4 LogDirtyPages", Of([one], [one with { Flags = MemslotFlags.None }]));
        Assert.Equal("-0 -1 0 = 2 from 1 None, 1 = 2 from 4 LogDirtyPages", Of([zero, one], [zero with { Gfn = 4 }, one with { Gfn = 1 }]).Replace("None 1", "None, 1", StringComparison.Ordinal));

        static string Of(ScenarioFileSlot[] before, ScenarioFileSlot[] after) => string.Join(' ', FileRestoration.OfMemslots(before, after).Cast<Actors.SetsMemslot>().Select(m => Text(m.Region)));

        static string Text(UserspaceMemoryRegion region) =>
            region.MemorySize == 0 ? $"-{region.Slot}" : $"{region.Slot} = {region.MemorySize >> 12} from {region.GuestPhysAddr.Gfn} {region.Flags}";
    }
}
