namespace MmuStress.Litmus;

/// <summary>What a condition looks at: a register of a process, a location, or a constant.</summary>
/// <param name="Process">The index of the process of a register; -1 for others.</param>
/// <param name="Index">The register or the location; -1 for a constant.</param>
/// <param name="Constant">The constant.</param>
internal readonly record struct Operand(int Process, int Index, long Constant)
{
    public bool IsRegister => Process >= 0;

    public bool IsLocation => Process < 0 && Index >= 0;

    public static Operand OfRegister(int process, int register) => new(process, register, 0);

    public static Operand OfLocation(int location) => new(-1, location, 0);

    public static Operand OfConstant(long value) => new(-1, -1, value);
}
