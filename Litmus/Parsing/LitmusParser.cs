using System.Globalization;

namespace MmuStress.Litmus;

/// <summary>Reads a litmus test: first line, initial state, processes, condition.</summary>
internal sealed class LitmusParser
{
    private const int MostProcesses = 64;

    private static readonly HashSet<string> Foreign = new(StringComparer.Ordinal)
    {
        "PPC", "X86", "X86_64", "ARM", "AArch64", "ARMv8", "MIPS", "RISCV", "BPF", "CPP", "ASL", "JAVA", "Bell", "BELL", "LoongArch", "PTX", "SPARC",
    };

    private readonly Scanner scanner;
    private readonly LocationTable locations = new();
    private readonly List<Action> initialValues = [];
    private readonly List<(int Process, string Register, Func<long> Value, int Line)> initialRegisters = [];
    private List<ProcessProgram> processes = [];

    private LitmusParser(string text) => scanner = new Scanner(text);

    public static LitmusTest Parse(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw LitmusException.Malformed(0, "not a litmus test: binary data");
        }

        return new LitmusParser(text).ParseAll(text);
    }

    /// <summary>A number as C writes it.</summary>
    public static long ParseNumber(Token token)
    {
        string digits = token.Text.TrimEnd('u', 'U', 'l', 'L');
        bool isHexadecimal = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool isNumber = isHexadecimal
            ? long.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long value)
            : long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (!isNumber)
        {
            throw LitmusException.Malformed(token.Line, $"{token} is not a number");
        }

        // Values beyond that could be taken for addresses, and C's int does not hold them.
        return value is >= -(1L << 40) and <= 1L << 40
            ? value
            : throw LitmusException.Unsupported(token.Line, $"the number {token.Text} is too large");
    }

    private LitmusTest ParseAll(string text)
    {
        Token dialect = scanner.Next();
        bool isLisa = string.Equals(dialect.Text, "LISA", StringComparison.Ordinal);
        if (!isLisa && !string.Equals(dialect.Text, "C", StringComparison.Ordinal))
        {
            throw Foreign.Contains(dialect.Text)
                ? LitmusException.Unsupported(dialect.Line, $"dialect {dialect.Text}: only C and LISA are read")
                : LitmusException.Malformed(dialect.Line, dialect.Kind == TokenKind.End ? "not a litmus test: empty" : "not a litmus test: the first word is neither C nor LISA");
        }

        string name = scanner.RestOfLine();
        scanner.SkipToInitialState();
        ParseInitialState();
        processes = isLisa ? new LisaParser(scanner, locations).Parse() : new CParser(scanner, locations).Parse();
        if (processes.Count > MostProcesses)
        {
            throw LitmusException.Unsupported(0, $"{processes.Count} processes; at most {MostProcesses} are supported");
        }

        ApplyInitialState();
        return ParseQuestion(name, ExpectedResult.Find(text));
    }

    private void ParseInitialState()
    {
        scanner.Expect("{");
        while (true)
        {
            Token token = scanner.Peek();
            if (token.Is("}"))
            {
                scanner.Next();
                return;
            }

            if (token.Is(";"))
            {
                scanner.Next();
                continue;
            }

            ParseInitialItem();
        }
    }

    private void ParseInitialItem()
    {
        string name = "";
        int process = -1;
        while (true)
        {
            Token token = scanner.Next();
            if (token.Kind == TokenKind.End)
            {
                throw LitmusException.Malformed(token.Line, "the file ends in the initial state");
            }

            if (token.Kind == TokenKind.Number && scanner.Peek().Is(":"))
            {
                scanner.Next();
                process = (int)ParseNumber(token);
            }
            else if (token.Kind == TokenKind.Name)
            {
                name = token.Text;
            }
            else if (token.Is("[") && name.Length == 0)
            {
                // [x] = 1
                name = ExpectName("a location").Text;
                scanner.Expect("]");
            }
            else if (!token.Is("*"))
            {
                throw LitmusException.Malformed(token.Line, $"{token} in the initial state");
            }

            string next = scanner.Peek().Text;
            if (next is "=" or ";" or "}" or "[" && name.Length > 0)
            {
                break;
            }
        }

        int line = scanner.Line;
        int length = 1;
        if (scanner.Peek().Is("["))
        {
            scanner.Next();
            length = (int)Math.Min(ParseNumber(scanner.Next()), int.MaxValue);
            scanner.Expect("]");
        }

        if (process >= 0)
        {
            if (scanner.Peek().Is("="))
            {
                scanner.Next();
                initialRegisters.Add((process, name, ParseInitialValue(), line));
            }

            return;
        }

        int first = locations.Contains(name) ? throw LitmusException.Malformed(line, $"{name} is declared twice") : locations.Declare(name, length, line);
        if (!scanner.Peek().Is("="))
        {
            return;
        }

        scanner.Next();
        if (!scanner.Peek().Is("{"))
        {
            Func<long> value = ParseInitialValue();
            initialValues.Add(() => locations.SetInitialValue(first, value()));
            return;
        }

        scanner.Next();
        for (int i = 0; !scanner.Peek().Is("}"); i++)
        {
            Func<long> value = ParseInitialValue();
            int element = i < length ? first + i : throw LitmusException.Malformed(line, $"{name} has {length} elements");
            initialValues.Add(() => locations.SetInitialValue(element, value()));
            if (scanner.Peek().Is(","))
            {
                scanner.Next();
            }
        }

        scanner.Next();
    }

    // Names may be declared later, so values are computed at the end.
    private Func<long> ParseInitialValue()
    {
        using Scanner.Nesting nesting = scanner.Enter();
        Token token = scanner.Next();
        switch (token.Text)
        {
            case "-":
                long negative = -ParseNumber(scanner.Next());
                return () => negative;
            case "(":
                Func<long> inner = ParseInitialValue();
                scanner.Expect(")");
                return inner;
            case "ATOMIC_INIT":
                scanner.Expect("(");
                Func<long> argument = ParseInitialValue();
                scanner.Expect(")");
                return argument;
            case "NULL":
                return static () => 0;
            case "&":
                token = scanner.Next();
                break;
            default:
                break;
        }

        if (token.Kind == TokenKind.Number)
        {
            long number = ParseNumber(token);
            return () => number;
        }

        if (token.Kind != TokenKind.Name)
        {
            throw LitmusException.Malformed(token.Line, $"{token} as an initial value");
        }

        long index = 0;
        if (scanner.Peek().Is("["))
        {
            scanner.Next();
            index = ParseNumber(scanner.Next());
            scanner.Expect("]");
        }

        return () =>
        {
            int location = locations.Of(token.Text);
            return index < locations.Length(token.Text)
                ? LocationTable.Address(location + (int)index)
                : throw LitmusException.Malformed(token.Line, $"{token.Text} has {locations.Length(token.Text)} elements");
        };
    }

    private void ApplyInitialState()
    {
        foreach (Action apply in initialValues)
        {
            apply();
        }

        foreach ((int process, string register, Func<long> value, int line) in initialRegisters)
        {
            ProcessProgram program = processes.Find(p => p.Number == process)
                ?? throw LitmusException.Malformed(line, $"there is no process P{process}");
            program.Initial[program.Register(register)] = value();
        }
    }

    private LitmusTest ParseQuestion(string name, ExpectedResult? expected)
    {
        Proposition filter = new Proposition.Truth(true);
        var observed = new List<Operand>();
        var conditions = new ConditionParser(scanner, locations, processes);
        while (true)
        {
            Token token = scanner.Next();
            Quantifier? quantifier = null;
            switch (token.Text)
            {
                case "locations":
                    conditions.ParseLocations(observed);
                    break;
                case "filter":
                    filter = conditions.Parse();
                    break;
                case "exists":
                    quantifier = Quantifier.Exists;
                    break;
                case "forall":
                    quantifier = Quantifier.Forall;
                    break;
                case "~" or "not" when scanner.Peek().Is("exists"):
                    scanner.Next();
                    quantifier = Quantifier.NotExists;
                    break;
                default:
                    throw LitmusException.Malformed(
                        token.Line,
                        $"{token} where exists or forall is expected");
            }

            if (quantifier is null)
            {
                continue;
            }

            Proposition condition = conditions.Parse();
            Token rest = scanner.Next();
            if (rest.Kind != TokenKind.End && !rest.Is(";"))
            {
                throw LitmusException.Malformed(rest.Line, $"{rest} after the condition");
            }

            condition.Visit(Observe);
            return new LitmusTest(name, quantifier.Value, expected)
            {
                Locations = locations,
                Processes = processes,
                Condition = condition,
                Filter = filter,
                Observed = [.. observed.Distinct().OrderBy(o => o.IsRegister ? 0 : 1).ThenBy(o => o.Process)],
            };
        }

        void Observe(Operand operand) => observed.Add(operand);
    }

    private Token ExpectName(string what)
    {
        Token token = scanner.Next();
        return token.Kind == TokenKind.Name ? token : throw LitmusException.Malformed(token.Line, $"{token} where {what} is expected");
    }
}
