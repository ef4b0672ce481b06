namespace MmuStress.Mmu.Tests;

/// <summary>The check of the bitmaps' addresses at every edge. Addresses are aligned before they are checked, as nested_load_control_from_vmcb12() does.</summary>
public sealed class NestedBitmapCheckTests
{
    private const ulong Page = PageSize.Bytes;
    private const ulong Last = ulong.MaxValue & ~(Page - 1); // the last page of all

    public static TheoryData<int> Widths => new(32, 36, 40, 48, 52, 63);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Msrpm_MayEndAtTheLimitAndNotBeyond(int width)
    {
        ulong limit = 1UL << width;
        foreach (NestedBitmapCheck check in new[] { NestedBitmapCheck.Posted, NestedBitmapCheck.Merged })
        {
            Assert.True(Msrpm(check, width, 0));
            Assert.True(Msrpm(check, width, limit - (3 * Page)));
            Assert.True(Msrpm(check, width, limit - (2 * Page))); // its last byte is the last there is
            Assert.False(Msrpm(check, width, limit - Page)); // its second page is beyond
            Assert.False(Msrpm(check, width, limit));
            Assert.False(Msrpm(check, width, limit + Page));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Iopm_MayEndAtTheLimitAndNotBeyond(int width)
    {
        ulong limit = 1UL << width;
        foreach (NestedBitmapCheck check in new[] { NestedBitmapCheck.Posted, NestedBitmapCheck.Merged })
        {
            Assert.True(Iopm(check, width, 0));
            Assert.True(Iopm(check, width, limit - (4 * Page)));
            Assert.True(Iopm(check, width, limit - (3 * Page))); // its last byte is the last there is
            Assert.False(Iopm(check, width, limit - (2 * Page))); // its third page is beyond
            Assert.False(Iopm(check, width, limit - Page));
            Assert.False(Iopm(check, width, limit));
        }
    }

    // Hardware ignores bits 11:0, so every address in a page is that page.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    public void LowBits_AreIgnored(ulong bits)
    {
        const int Width = 36;
        const ulong Limit = 1UL << Width;
        Assert.True(Msrpm(NestedBitmapCheck.Merged, Width, (Limit - (2 * Page)) | bits));
        Assert.False(Msrpm(NestedBitmapCheck.Merged, Width, (Limit - Page) | bits));
    }

    // What v6 was told in review: an address whose table wraps around ends at a legal address.
    [Theory]
    [InlineData(Last, true, true)]
    [InlineData(Last - Page, false, true)] // two pages end with the last byte of all, three wrap
    [InlineData(Last - (2 * Page), false, false)]
    public void Posted_TableThatWraps_IsTaken(ulong address, bool msrpm, bool iopm)
    {
        Assert.Equal(msrpm, Msrpm(NestedBitmapCheck.Posted, 48, address));
        Assert.Equal(iopm, Iopm(NestedBitmapCheck.Posted, 48, address));
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(Last)]
    [InlineData(Last - Page)]
    [InlineData(Last - (2 * Page))]
    public void Merged_TableThatWraps_IsRefused(ulong address)
    {
        Assert.False(Msrpm(NestedBitmapCheck.Merged, 48, address));
        Assert.False(Iopm(NestedBitmapCheck.Merged, 48, address));
    }

    // The function itself rounds up: without the alignment before it, an address in the last page of all would be taken for 0.
    [Fact]
    public void Merged_NotAlignedBefore_TakesTheLastPageForTheFirst() =>
        Assert.True(NestedBitmapCheck.Merged.CheckControls(48, new VmcbControl(ulong.MaxValue, 0)));

    [Theory]
    [InlineData(1UL << 60)]
    [InlineData(Last)]
    public void Before_NothingIsRefused(ulong address) => Assert.True(Msrpm(NestedBitmapCheck.Before, 36, address) && Iopm(NestedBitmapCheck.Before, 36, address));

    [Fact]
    public void Sizes_AreTheTables()
    {
        Assert.Equal(8192u, SvmBitmaps.MsrpmSize);
        Assert.Equal(12288u, SvmBitmaps.IopmSize);
    }

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(1UL, 4096UL)]
    [InlineData(4096UL, 4096UL)]
    [InlineData(4097UL, 8192UL)]
    [InlineData(Last, Last)]
    [InlineData(Last + 1, 0UL)]
    public void PageAlign_RoundsUp(ulong address, ulong expected) => Assert.Equal(expected, SvmBitmaps.PageAlign(address));

    // In an address space of 8 frames every page is tried against what the tables are.
    [Fact]
    public void EveryPageOfASmallSpace_IsTakenExactlyWhereTheTablesFit()
    {
        const int Width = 15;
        const ulong Pages = (1UL << Width) / Page;
        for (ulong page = 0; page < 2 * Pages; page++)
        {
            foreach (NestedBitmapCheck check in new[] { NestedBitmapCheck.Posted, NestedBitmapCheck.Merged })
            {
                Assert.Equal(page + 2 <= Pages, Msrpm(check, Width, page * Page));
                Assert.Equal(page + 3 <= Pages, Iopm(check, Width, page * Page));
            }
        }
    }

    private static bool Msrpm(NestedBitmapCheck check, int width, ulong address) => check.CheckControls(width, new VmcbControl(address, 0).Aligned());

    private static bool Iopm(NestedBitmapCheck check, int width, ulong address) => check.CheckControls(width, new VmcbControl(0, address).Aligned());
}
