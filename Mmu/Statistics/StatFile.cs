using System.Buffers.Binary;
using System.Text;
using static MmuStress.Mmu.StatFormat;

namespace MmuStress.Mmu;

/// <summary>Statistics that were read from a file, of this model or of a kernel.</summary>
/// <remarks>
/// <para>
/// Nothing in the file is believed: every block must lie inside it, on a multiple of 8, and overlap no other, and so must every value; every name must
/// end; flags that nobody knows are of another version. Memory that is allocated is at most in proportion to the file.
/// </para>
/// Mirrors: the rules of Documentation/virt/kvm/api.rst, 4.133 KVM_GET_STATS_FD; little-endian only.
/// </remarks>
/// <param name="Id">Whose they are: "kvm-1234/vcpu-0".</param>
/// <param name="Statistics">The statistics, in the order of the file.</param>
public sealed record StatFile(string Id, IReadOnlyList<StatValue> Statistics)
{
    private const string Values = "the block of values";

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its bytes.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="StatFormatException">It is not one, or not whole, or of another version.</exception>
    public static StatFile Parse(ReadOnlySpan<byte> file)
    {
        Require(file.Length >= HeaderBytes, $"it is cut off: {file.Length} bytes, and the header alone has {HeaderBytes}");
        uint flags = U32(file, 0);
        uint nameSize = U32(file, 4);
        uint count = U32(file, 8);
        Require(flags == 0, $"the header has flags 0x{flags:x}: it is of another version");
        Require(nameSize != 0, "name_size is 0");
        var header = new Extent("the header", 0, HeaderBytes);
        Extent id = BlockAt(file, "the id string", U32(file, 12), nameSize);
        Extent descriptors = BlockAt(file, "the block of descriptors", U32(file, 16), (ulong)count * (DescriptorBytes + (ulong)nameSize));
        uint dataOffset = U32(file, 20);
        Extent data = BlockAt(file, Values, dataOffset, 0);
        RequireApart(header, id);
        RequireApart(header, descriptors);
        RequireApart(id, descriptors);

        var statistics = new List<StatValue>();
        ulong end = 0; // of the values so far, from the start of the data block
        for (uint i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> descriptor = file.Slice((int)(descriptors.Start + (i * (DescriptorBytes + (ulong)nameSize))), (int)(DescriptorBytes + nameSize));
            statistics.Add(ReadStatistic(file, descriptor, i, dataOffset, ref end));
        }

        data = BlockAt(file, Values, dataOffset, end);
        RequireApart(header, data);
        RequireApart(id, data);
        RequireApart(descriptors, data);
        return new StatFile(NameIn(Slice(file, id), "the id string"), statistics);
    }

    private static StatValue ReadStatistic(ReadOnlySpan<byte> file, ReadOnlySpan<byte> bytes, uint index, uint dataOffset, ref ulong end)
    {
        string name = NameIn(bytes[DescriptorBytes..], $"the name of statistic {index}");
        Require(name.Length > 0, $"statistic {index} has no name");
        uint flags = U32(bytes, 0);
        uint type = flags & FieldMask;
        uint unit = (flags >> UnitShift) & FieldMask;
        uint @base = (flags >> BaseShift) & FieldMask;
        Require(
            (flags & ~KnownFlags) == 0 && type <= (uint)StatType.LogHist && unit <= (uint)StatUnit.Boolean && @base <= (uint)StatBase.Pow2,
            $"statistic {name} has flags 0x{flags:x}: it is of another version");
        var descriptor = new StatDescriptor(
            name,
            (StatType)type,
            (StatUnit)unit,
            (StatBase)@base,
            BinaryPrimitives.ReadInt16LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            U32(bytes, 12));
        Require(descriptor.IsHistogram ? descriptor.Size > 0 : descriptor.Size == 1, $"statistic {name} has {descriptor.Size} values");
        Require((descriptor.BucketSize != 0) == (descriptor.Type == StatType.LinearHist), $"statistic {name} has bucket_size {descriptor.BucketSize}");
        uint offset = U32(bytes, 8);
        Require(offset % WordBytes == 0, $"the offset of statistic {name} is {offset}, no multiple of {WordBytes}");
        Require(offset >= end, $"the values of statistic {name} overlap those before it");
        end = offset + (descriptor.Size * (ulong)WordBytes);
        ulong start = (ulong)dataOffset + offset;
        Require((ulong)dataOffset + end <= (ulong)file.Length, $"it is cut off, or the offset of statistic {name} is wrong: its values end at {(ulong)dataOffset + end}, the file at {file.Length}");
        ulong[] values = new ulong[descriptor.Size];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadUInt64LittleEndian(file[(int)(start + ((ulong)i * WordBytes))..]);
        }

        return new StatValue(descriptor, values);
    }

    private static Extent BlockAt(ReadOnlySpan<byte> file, string what, uint start, ulong length)
    {
        Require(start % WordBytes == 0, $"{what} is at {start}, no multiple of {WordBytes}");
        Require((UInt128)start + length <= (UInt128)file.Length, $"it is cut off, or of another byte order: {what} ends at {(UInt128)start + length}, the file at {file.Length}");
        return new Extent(what, start, length);
    }

    private static void RequireApart(Extent one, Extent other) =>
        Require(one.Length == 0 || other.Length == 0 || one.End <= other.Start || other.End <= one.Start, $"{one.What} and {other.What} overlap");

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> file, Extent extent) => file.Slice((int)extent.Start, (int)extent.Length);

    private static string NameIn(ReadOnlySpan<byte> bytes, string what)
    {
        int length = bytes.IndexOf((byte)0);
        Require(length >= 0, $"{what} has no end");
        ReadOnlySpan<byte> name = bytes[..length];
        Require(!name.ContainsAnyExceptInRange((byte)' ', (byte)'~'), $"{what} is no text");
        return Encoding.ASCII.GetString(name);
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new StatFormatException(message);
        }
    }

    private readonly record struct Extent(string What, ulong Start, ulong Length)
    {
        public ulong End => Start + Length;
    }
}
