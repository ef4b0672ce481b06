namespace MmuStress.Litmus;

/// <summary>A litmus test: a few processes, an initial state, and a question about the final one.</summary>
public sealed class LitmusTest
{
    internal LitmusTest(string name, Quantifier quantifier, ExpectedResult? expected)
    {
        Name = name;
        Quantifier = quantifier;
        Expected = expected;
    }

    /// <summary>Its name, from the first line.</summary>
    public string Name { get; }

    /// <summary>What it asks.</summary>
    public Quantifier Quantifier { get; }

    /// <summary>What the file itself says about the answer; null where it says nothing.</summary>
    public ExpectedResult? Expected { get; }

    /// <summary>How many processes it has.</summary>
    public int ProcessCount => Processes.Count;

    internal LocationTable Locations { get; init; } = new();

    internal IReadOnlyList<ProcessProgram> Processes { get; init; } = [];

    internal Proposition Condition { get; init; } = new Proposition.Truth(true);

    /// <summary>Executions that do not meet it do not count.</summary>
    internal Proposition Filter { get; init; } = new Proposition.Truth(true);

    /// <summary>What a final state consists of, in the order in which it is printed.</summary>
    internal IReadOnlyList<Operand> Observed { get; init; } = [];

    /// <summary>Reads a test.</summary>
    /// <param name="text">The file's text.</param>
    /// <returns>The test.</returns>
    /// <exception cref="LitmusException">It is no litmus test, or one that is not supported.</exception>
    public static LitmusTest Parse(string text) => LitmusParser.Parse(text);

    /// <summary>How a register or location is printed: "0:r1" or "x".</summary>
    internal string NameOf(Operand operand) => operand.IsRegister
        ? $"{Processes[operand.Process].Number}:{Processes[operand.Process].RegisterName(operand.Index)}"
        : Locations.Name(operand.Index);
}
