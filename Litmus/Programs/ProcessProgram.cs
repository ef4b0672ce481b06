namespace MmuStress.Litmus;

/// <summary>The program of one process.</summary>
internal sealed class ProcessProgram
{
    private readonly Dictionary<string, int> registers = new(StringComparer.Ordinal);
    private readonly List<string> registerNames = [];

    /// <summary>Its number, the one in "P0".</summary>
    public required int Number { get; init; }

    public List<Instruction> Instructions { get; } = [];

    /// <summary>Values that registers have from the start.</summary>
    public Dictionary<int, long> Initial { get; } = [];

    public int RegisterCount => registerNames.Count;

    public int Register(string name)
    {
        if (!registers.TryGetValue(name, out int number))
        {
            number = registerNames.Count;
            registers.Add(name, number);
            registerNames.Add(name);
        }

        return number;
    }

    public bool HasRegister(string name) => registers.ContainsKey(name);

    /// <summary>Whether a register is given a value on some path.</summary>
    public bool Sets(int register) =>
        Initial.ContainsKey(register) || Instructions.Exists(i => i is Instruction.Assign assign && assign.Register == register);

    public string RegisterName(int number) => registerNames[number];
}
