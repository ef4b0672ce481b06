using System.Buffers.Binary;
using System.Text;
using static MmuStress.Mmu.StatFormat;

namespace MmuStress.Mmu;

/// <summary>What KVM_GET_STATS_FD returns: statistics as a file that describes itself and can be read while they are counted.</summary>
/// <remarks>
/// <para>The file is the header, the id string, the descriptors and the values, in this order and without gaps. All but the values never change.</para>
/// Mirrors: kvm_vm_ioctl_get_stats_fd(), kvm_vcpu_ioctl_get_stats_fd(), kvm_stats_read(), virt/kvm/binary_stats.c (v6.8).
/// Locking: none.
/// Differs: little-endian everywhere; the format says "system endianness".
/// </remarks>
public sealed class StatFd
{
    private readonly StatBlock stats;
    private readonly byte[] fixedPart;

    /// <summary>A file of <paramref name="stats"/>.</summary>
    /// <param name="stats">The statistics.</param>
    public StatFd(StatBlock stats)
    {
        this.stats = stats;
        int count = stats.Descriptors.Count;
        int descOffset = HeaderBytes + NameBytes;
        int dataOffset = descOffset + (count * (DescriptorBytes + NameBytes));
        fixedPart = new byte[dataOffset];
        ReadOnlySpan<int> header = [0, NameBytes, count, HeaderBytes, descOffset, dataOffset];
        for (int i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(fixedPart.AsSpan(i * sizeof(int)), header[i]);
        }

        WriteName(fixedPart.AsSpan(HeaderBytes, NameBytes), stats.Id);
        int at = descOffset;
        int offset = 0;
        foreach (StatDescriptor descriptor in stats.Descriptors)
        {
            WriteDescriptor(fixedPart.AsSpan(at, DescriptorBytes + NameBytes), descriptor, offset);
            at += DescriptorBytes + NameBytes;
            offset += descriptor.Size * WordBytes;
        }
    }

    /// <summary>How many bytes the file has.</summary>
    public int Length => fixedPart.Length + (stats.Words * WordBytes);

    /// <summary>pread(): copies what is there from <paramref name="position"/> on; values are as they are now. For any thread.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="position">From which byte of the file on, at least 0.</param>
    /// <returns>How many bytes were copied: as many as the buffer or the file has; 0 at the file's end.</returns>
    public int Read(Span<byte> buffer, long position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        if (position >= Length)
        {
            return 0;
        }

        int from = (int)position;
        int length = Math.Min(buffer.Length, Length - from);
        int copied = Math.Clamp(fixedPart.Length - from, 0, length);
        if (copied != 0)
        {
            fixedPart.AsSpan(from, copied).CopyTo(buffer);
        }

        Span<byte> word = stackalloc byte[WordBytes];
        while (copied < length)
        {
            int inData = from + copied - fixedPart.Length;
            BinaryPrimitives.WriteUInt64LittleEndian(word, stats.Read(inData / WordBytes));
            Span<byte> rest = word[(inData % WordBytes)..];
            int part = Math.Min(rest.Length, length - copied);
            rest[..part].CopyTo(buffer[copied..]);
            copied += part;
        }

        return length;
    }

    /// <summary>The whole file, as it is now. For any thread.</summary>
    /// <returns>Its bytes.</returns>
    public byte[] ReadAll()
    {
        byte[] all = new byte[Length];
        int read = Read(all, 0);
        Invariant.Holds(read == all.Length, "a read from the start of a file with a buffer of its size reads all of it");
        return all;
    }

    private static void WriteDescriptor(Span<byte> to, StatDescriptor descriptor, int offset)
    {
        uint flags = (uint)descriptor.Type | ((uint)descriptor.Unit << UnitShift) | ((uint)descriptor.Base << BaseShift);
        BinaryPrimitives.WriteUInt32LittleEndian(to, flags);
        BinaryPrimitives.WriteInt16LittleEndian(to[4..], descriptor.Exponent);
        BinaryPrimitives.WriteUInt16LittleEndian(to[6..], descriptor.Size);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], offset);
        BinaryPrimitives.WriteUInt32LittleEndian(to[12..], descriptor.BucketSize);
        WriteName(to[DescriptorBytes..], descriptor.Name);
    }

    private static void WriteName(Span<byte> to, string name)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(name.Length, NameBytes, nameof(name));
        Encoding.ASCII.GetBytes(name, to);
    }
}
