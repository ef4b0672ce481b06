using System.Buffers.Binary;

namespace MmuStress.Mmu.Tests;

public sealed class StatFileTests
{
    private const int Header = 24;
    private const int Name = 48;
    private const int Descriptors = Header + Name;
    private const int Stride = 16 + Name;

    private static readonly byte[] Good = new StatFd(new KvmStatistics(new TestVm(MmuArchitectures.LoongArchMended).Kvm, "kvm-7").Vm).ReadAll();

    private static int Data => BitConverter.ToInt32(Good, 20);

    [Fact]
    public void Parse_Good_IsRead() => Assert.Equal("kvm-7", StatFile.Parse(Good).Id);

    [Fact]
    public void Parse_CutOffAnywhere_IsRefused()
    {
        for (int length = 0; length < Good.Length; length++)
        {
            Refused(Good[..length]);
        }
    }

    [Fact]
    public void Parse_Empty_SaysSo() => Refused([], "it is cut off: 0 bytes, and the header alone has 24");

    // Where a u32 is written, and what is said of it.
    [Theory]
    [InlineData(0, 1u, "the header has flags 0x1: it is of another version")]
    [InlineData(4, 0u, "name_size is 0")]
    [InlineData(4, uint.MaxValue, "it is cut off, or of another byte order: the id string ends at 4294967319, the file at 984")]
    [InlineData(8, uint.MaxValue, "it is cut off, or of another byte order: the block of descriptors ends at 274877906952, the file at 984")]
    [InlineData(8, 12u, "statistic 11 has no name")]
    [InlineData(12, 25u, "the id string is at 25, no multiple of 8")]
    [InlineData(12, 0u, "the header and the id string overlap")]
    [InlineData(12, 984u, "it is cut off, or of another byte order: the id string ends at 1032, the file at 984")]
    [InlineData(12, 72u, "the id string and the block of descriptors overlap")]
    [InlineData(12, 776u, "the id string and the block of values overlap")]
    [InlineData(16, 8u, "the header and the block of descriptors overlap")]
    [InlineData(16, 73u, "the block of descriptors is at 73, no multiple of 8")]
    [InlineData(16, 0xFFFFFFF8u, "it is cut off, or of another byte order: the block of descriptors ends at 4294967992, the file at 984")]
    [InlineData(20, 777u, "the block of values is at 777, no multiple of 8")]
    [InlineData(20, 768u, "the block of descriptors and the block of values overlap")]
    [InlineData(20, 784u, "it is cut off, or the offset of statistic mmu_notifier_pages_hist is wrong: its values end at 992, the file at 984")]
    [InlineData(20, 0xFFFFFFF8u, "it is cut off, or of another byte order: the block of values ends at 4294967288, the file at 984")]
    [InlineData(Descriptors, 5u, "statistic remote_tlb_flush has flags 0x5: it is of another version")]
    [InlineData(Descriptors, 0x50u, "statistic remote_tlb_flush has flags 0x50: it is of another version")]
    [InlineData(Descriptors, 0x200u, "statistic remote_tlb_flush has flags 0x200: it is of another version")]
    [InlineData(Descriptors, 0x1000u, "statistic remote_tlb_flush has flags 0x1000: it is of another version")]
    [InlineData(Descriptors, 3u, "statistic remote_tlb_flush has bucket_size 0")]
    [InlineData(Descriptors + 4, 0u, "statistic remote_tlb_flush has 0 values")]
    [InlineData(Descriptors + 4, 0x20000u, "statistic remote_tlb_flush has 2 values")]
    [InlineData(Descriptors + 8, 4u, "the offset of statistic remote_tlb_flush is 4, no multiple of 8")]
    [InlineData(Descriptors + 8, 0xFFFFFFF8u, "it is cut off, or the offset of statistic remote_tlb_flush is wrong: its values end at 4294968072, the file at 984")]
    [InlineData(Descriptors + 12, 1u, "statistic remote_tlb_flush has bucket_size 1")]
    [InlineData(Descriptors + Stride + 8, 0u, "the values of statistic remote_tlb_flush_requests overlap those before it")]
    public void Parse_FieldWrong_IsRefused(int at, uint value, string message)
    {
        byte[] bad = [.. Good];
        BinaryPrimitives.WriteUInt32LittleEndian(bad.AsSpan(at), value);
        Refused(bad, message);
    }

    [Theory]
    [InlineData(Header, "the id string has no end")]
    [InlineData(Descriptors + 16, "the name of statistic 0 has no end")]
    public void Parse_NameWithoutEnd_IsRefused(int at, string message)
    {
        byte[] bad = [.. Good];
        bad.AsSpan(at, Name).Fill((byte)'x');
        Refused(bad, message);
    }

    [Fact]
    public void Parse_NameNoText_IsRefused()
    {
        byte[] bad = [.. Good];
        bad[Descriptors + 16] = 0x1b; // would drive the reader's terminal
        Refused(bad, "the name of statistic 0 is no text");
    }

    [Fact]
    public void Parse_OtherByteOrder_IsRefused()
    {
        byte[] bad = [.. Good];
        for (int at = 0; at < Header; at += 4)
        {
            bad.AsSpan(at, 4).Reverse();
        }

        Refused(bad);
    }

    [Fact]
    public void Parse_BlocksInAnotherOrderAndApart_IsRead()
    {
        // The values first, then a gap, the descriptors, the id: the document says that blocks need be neither adjacent nor in order.
        int descBytes = Data - Descriptors;
        byte[] other = new byte[Header + (Good.Length - Data) + 8 + descBytes + Name];
        int data = Header;
        int desc = data + (Good.Length - Data) + 8;
        int id = desc + descBytes;
        Good.AsSpan(0, Header).CopyTo(other);
        Good.AsSpan(Data).CopyTo(other.AsSpan(data));
        Good.AsSpan(Descriptors, descBytes).CopyTo(other.AsSpan(desc));
        Good.AsSpan(Header, Name).CopyTo(other.AsSpan(id));
        BinaryPrimitives.WriteInt32LittleEndian(other.AsSpan(12), id);
        BinaryPrimitives.WriteInt32LittleEndian(other.AsSpan(16), desc);
        BinaryPrimitives.WriteInt32LittleEndian(other.AsSpan(20), data);
        Assert.Equal(StatFile.Parse(Good).Statistics.Select(s => s.Descriptor), StatFile.Parse(other).Statistics.Select(s => s.Descriptor));
    }

    [Fact]
    public void Parse_Damaged_IsReadOrRefused()
    {
        var random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bad = [.. Good];
            for (int n = random.Next(1, 4); n > 0; n--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            try
            {
                StatFile.Parse(bad.AsSpan(0, random.Next(4) == 0 ? random.Next(bad.Length) : bad.Length));
            }
            catch (StatFormatException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 1, 19_999);
    }

    [Fact]
    public void Parse_LyingCounts_AllocatesNoMoreThanTheFile()
    {
        byte[] bad = [.. Good];
        BinaryPrimitives.WriteUInt32LittleEndian(bad.AsSpan(8), uint.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(bad.AsSpan(Data - Stride + 6), ushort.MaxValue);
        Refused(bad);
        BinaryPrimitives.WriteUInt32LittleEndian(bad.AsSpan(8), 11);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(bad, "it is cut off, or the offset of statistic mmu_notifier_pages_hist is wrong: its values end at 525136, the file at 984");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000); // the values alone would be 524,280 bytes
    }

    private static void Refused(byte[] bytes, string? message = null)
    {
        StatFormatException e = Assert.Throws<StatFormatException>(() => StatFile.Parse(bytes));
        Assert.DoesNotContain('\n', e.Message);
        if (message is not null)
        {
            Assert.Equal(message, e.Message);
        }
    }
}
