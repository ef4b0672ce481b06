namespace MmuStress.Mmu;

/// <summary>The error numbers KVM returns, negated as in the kernel.</summary>
public static class Errno
{
    /// <summary>No such entry.</summary>
    public const int ENOENT = 2;

    /// <summary>Argument list too long: an entry is for more than is to be mapped.</summary>
    public const int E2BIG = 7;

    /// <summary>No such device: what is asked for is not how the VM was set up.</summary>
    public const int ENXIO = 6;

    /// <summary>Out of memory; also a memslot beyond the guest's physical address space.</summary>
    public const int ENOMEM = 12;

    /// <summary>Bad address.</summary>
    public const int EFAULT = 14;

    /// <summary>The memslot overlaps another one.</summary>
    public const int EEXIST = 17;

    /// <summary>Try again: somebody else was faster.</summary>
    public const int EAGAIN = 11;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>Not supported here.</summary>
    public const int EOPNOTSUPP = 95;
}
