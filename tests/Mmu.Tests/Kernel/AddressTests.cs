namespace MmuStress.Mmu.Tests;

public sealed class AddressTests
{
    [Fact]
    public void Gpa_WithinAPage_LiesInItsFrame() => Assert.Equal(new Gfn(3), new Gpa(0x3fff).Gfn);

    [Fact]
    public void Gfn_ToGpa_IsItsFirstByte() => Assert.Equal(new Gpa(0x3000), new Gfn(3).Gpa);

    [Fact]
    public void Numbers_AsText_AreBare()
    {
        Assert.Equal("7", new Gfn(7).ToString());
        Assert.Equal("9", new Pfn(9).ToString());
        Assert.Equal("[1, 2)", HvaRange.OfPages(1, 1).ToString());
        Assert.Equal("[1, 4)", new GfnRange(new Gfn(1), new Gfn(4)).ToString());
    }

    [Theory]
    [InlineData(0UL, false)]
    [InlineData(1UL, true)]
    [InlineData(3UL, true)]
    [InlineData(4UL, false)]
    public void GfnRange_Contains_IsHalfOpen(ulong gfn, bool expected) =>
        Assert.Equal(expected, new GfnRange(new Gfn(1), new Gfn(4)).Contains(new Gfn(gfn)));

    [Fact]
    public void Geometry_OfThreeLevelsOfFour_CutsFramesIntoBitPairs()
    {
        var geometry = new PageTableGeometry(3, 4);
        Assert.Equal(64UL, geometry.Frames);
        Assert.Equal((1, 2, 3), (geometry.IndexOf(new Gfn(0b01_10_11), 2), geometry.IndexOf(new Gfn(0b01_10_11), 1), geometry.IndexOf(new Gfn(0b01_10_11), 0)));
        Assert.Equal(new Gfn(16), geometry.EndOfEntry(new Gfn(5), new Gfn(64), 2));
        Assert.Equal(new Gfn(8), geometry.EndOfEntry(new Gfn(5), new Gfn(64), 1));
        Assert.Equal(new Gfn(7), geometry.EndOfEntry(new Gfn(5), new Gfn(7), 1));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(3, 3)]
    [InlineData(3, 1024)]
    public void Parameters_OutOfRange_AreRefused(int levels, int entries) =>
        Assert.ThrowsAny<ArgumentException>(() => new KvmParameters { Levels = levels, EntriesPerTable = entries }.Validate());
}
