using System.Text;

namespace MmuStress.Tests;

/// <summary>
/// A reader of statistics written from Documentation/virt/kvm/api.rst, 4.133 KVM_GET_STATS_FD, and nothing else: it shares no code with what it tests.
/// </summary>
internal sealed class DocumentedStatistics
{
    private readonly byte[] file;

    public DocumentedStatistics(byte[] file)
    {
        this.file = file;

        // struct kvm_stats_header { __u32 flags, name_size, num_desc, id_offset, desc_offset, data_offset; }
        Assert.Equal(0u, Number32(0));
        int nameSize = (int)Number32(4);
        int descriptors = (int)Number32(8);
        int descOffset = (int)Number32(16);
        int dataOffset = (int)Number32(20);
        Assert.All(new[] { (int)Number32(12), descOffset, dataOffset }, offset => Assert.Equal(0, offset % 8));
        Id = Text((int)Number32(12), nameSize);
        for (int i = 0; i < descriptors; i++)
        {
            // struct kvm_stats_desc { __u32 flags; __s16 exponent; __u16 size; __u32 offset; __u32 bucket_size; char name[]; }
            int at = descOffset + (i * (16 + nameSize));
            uint flags = Number32(at);
            string kind = (flags & 0xF) switch { 0 => "cumulative", 1 => "instant", 2 => "peak", 3 => "linear", 4 => "log", _ => "?" };
            string unit = ((flags >> 4) & 0xF) switch { 0 => "", 1 => "bytes", 2 => "seconds", 3 => "cycles", 4 => "boolean", _ => "?" };
            int numberBase = ((flags >> 8) & 0xF) switch { 0 => 10, 1 => 2, _ => 0 };
            short exponent = BitConverter.ToInt16(file, at + 4);
            ushort size = BitConverter.ToUInt16(file, at + 6);
            int data = dataOffset + (int)Number32(at + 8);
            ulong[] values = Enumerable.Range(0, size).Select(n => BitConverter.ToUInt64(file, data + (n * 8))).ToArray();
            Kinds.Add(Text(at + 16, nameSize), (kind, unit, numberBase, exponent, Number32(at + 12)));
            Values.Add(Text(at + 16, nameSize), values);
        }
    }

    public string Id { get; }

    public Dictionary<string, (string Kind, string Unit, int Base, short Exponent, uint BucketSize)> Kinds { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, ulong[]> Values { get; } = new(StringComparer.Ordinal);

    private uint Number32(int at) => BitConverter.ToUInt32(file, at);

    private string Text(int at, int size)
    {
        int end = Array.IndexOf(file, (byte)0, at, size);
        Assert.True(end >= 0);
        return Encoding.ASCII.GetString(file, at, end - at);
    }
}
