namespace MmuStress.Litmus;

/// <summary>Reads what follows the processes: lists of locations, and propositions on final states.</summary>
internal sealed class ConditionParser(Scanner scanner, LocationTable locations, List<ProcessProgram> processes)
{
    /// <summary>Reads "[x; 0:r1; ...]".</summary>
    public void ParseLocations(List<Operand> observed)
    {
        scanner.Expect("[");
        while (!scanner.Accept("]"))
        {
            Token token = scanner.Peek();
            Operand? operand = ParseListed();
            if (operand is { Index: < 0 })
            {
                throw LitmusException.Malformed(token.Line, $"{token} in a list of locations");
            }

            if (operand is not null)
            {
                observed.Add(operand.Value);
            }

            // A type may follow.
            while (scanner.Accept("*"))
            {
            }

            if (!scanner.Accept(";") && !scanner.Accept(","))
            {
                scanner.Expect("]");
                return;
            }
        }
    }

    // To look at a register that is never set does no harm; there is nothing to see.
    private Operand? ParseListed()
    {
        Token token = scanner.Peek();
        if (token.Kind != TokenKind.Number)
        {
            return ParseOperand(isLeft: true);
        }

        scanner.Next();
        scanner.Expect(":");
        long number = LitmusParser.ParseNumber(token);
        Token name = scanner.Next();
        ProcessProgram? program = processes.Find(p => p.Number == number);
        bool isSet = program is not null && program.HasRegister(name.Text) && program.Sets(program.Register(name.Text));
        return isSet ? Register(number, name) : null;
    }

    /// <summary>Reads a proposition.</summary>
    public Proposition Parse()
    {
        using Scanner.Nesting nesting = scanner.Enter();
        Proposition left = ParseOr();
        return scanner.Accept("=>") ? new Proposition.Or([new Proposition.Not(left), Parse()]) : left;
    }

    private Proposition ParseOr()
    {
        var parts = new List<Proposition> { ParseAnd() };
        while (scanner.Accept("\\/") || scanner.Accept("||"))
        {
            parts.Add(ParseAnd());
        }

        return parts.Count == 1 ? parts[0] : new Proposition.Or(parts);
    }

    private Proposition ParseAnd()
    {
        var parts = new List<Proposition> { ParseNot() };
        while (scanner.Accept("/\\") || scanner.Accept("&&"))
        {
            parts.Add(ParseNot());
        }

        return parts.Count == 1 ? parts[0] : new Proposition.And(parts);
    }

    private Proposition ParseNot()
    {
        using Scanner.Nesting nesting = scanner.Enter();
        if (scanner.Accept("~") || scanner.Accept("not") || scanner.Accept("!"))
        {
            return new Proposition.Not(ParseNot());
        }

        if (scanner.Accept("("))
        {
            Proposition inner = Parse();
            scanner.Expect(")");
            return inner;
        }

        if (scanner.Accept("true"))
        {
            return new Proposition.Truth(true);
        }

        if (scanner.Accept("false"))
        {
            return new Proposition.Truth(false);
        }

        Operand left = ParseOperand(isLeft: true);
        Token token = scanner.Next();
        BinaryOperator comparison = token.Text switch
        {
            "=" or "==" => BinaryOperator.Equal,
            "!=" => BinaryOperator.NotEqual,
            "<" => BinaryOperator.Less,
            "<=" => BinaryOperator.LessOrEqual,
            ">" => BinaryOperator.Greater,
            ">=" => BinaryOperator.GreaterOrEqual,
            _ => throw LitmusException.Malformed(token.Line, $"{token} where '=' is expected"),
        };
        return new Proposition.Comparison(left, comparison, ParseOperand(isLeft: false));
    }

    private Operand ParseOperand(bool isLeft)
    {
        Token token = scanner.Next();
        switch (token.Text)
        {
            case "-":
                return Operand.OfConstant(-LitmusParser.ParseNumber(scanner.Next()));
            case "*":
                return Operand.OfLocation(Location(scanner.Next()));
            case "&":
                return Operand.OfConstant(LocationTable.Address(Location(scanner.Next())));
            case "[":
                int location = Location(scanner.Next());
                scanner.Expect("]");
                return Operand.OfLocation(location);
            case "NULL":
                return Operand.OfConstant(0);
            default:
                break;
        }

        if (token.Kind == TokenKind.Number)
        {
            long number = LitmusParser.ParseNumber(token);
            return scanner.Accept(":") ? Register(number, scanner.Next()) : Operand.OfConstant(number);
        }

        // On the right, the name of a location is its address.
        return isLeft ? Operand.OfLocation(Location(token)) : Operand.OfConstant(LocationTable.Address(Location(token)));
    }

    private Operand Register(long process, Token name)
    {
        int index = processes.FindIndex(p => p.Number == process);
        if (index < 0)
        {
            throw LitmusException.Malformed(name.Line, $"the condition names P{process}, which does not exist");
        }

        ProcessProgram program = processes[index];
        if (name.Kind != TokenKind.Name)
        {
            throw LitmusException.Malformed(name.Line, $"{name} where a register is expected");
        }

        int register = program.HasRegister(name.Text) ? program.Register(name.Text) : -1;
        bool isSet = register >= 0 && program.Sets(register);
        return isSet
            ? Operand.OfRegister(index, register)
            : throw LitmusException.Unsupported(name.Line, $"the condition names {process}:{name.Text}, which is never set");
    }

    private int Location(Token token)
    {
        if (token.Kind != TokenKind.Name)
        {
            throw LitmusException.Malformed(token.Line, $"{token} where a location is expected");
        }

        if (!locations.Contains(token.Text))
        {
            throw LitmusException.Unsupported(token.Line, $"the condition names {token.Text}, which no process accesses");
        }

        int location = locations.Of(token.Text);
        if (!scanner.Accept("["))
        {
            return location;
        }

        long index = LitmusParser.ParseNumber(scanner.Next());
        scanner.Expect("]");
        return index < locations.Length(token.Text)
            ? location + (int)index
            : throw LitmusException.Malformed(token.Line, $"{token.Text} has {locations.Length(token.Text)} elements");
    }
}
