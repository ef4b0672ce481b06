namespace MmuStress.Litmus;

/// <summary>Reads processes in herd's C.</summary>
/// <remarks>
/// A parameter is the address of the global variable of its name. Everything else that is assigned to is a register, whatever
/// its type; types are read and forgotten.
/// </remarks>
internal sealed class CParser(Scanner scanner, LocationTable locations)
{
    private static readonly HashSet<string> TypeWords = new(StringComparer.Ordinal)
    {
        "int", "long", "short", "char", "unsigned", "signed", "void", "const", "volatile", "struct", "_Bool", "bool", "size_t", "register",
        "intptr_t", "uintptr_t", "atomic_t", "atomic64_t", "spinlock_t", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64",
        "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t",
    };

    private static readonly HashSet<string> ForeignWords = new(StringComparer.Ordinal)
    {
        "while", "for", "do", "goto", "switch", "return", "break", "continue", "asm", "__asm__", "typedef", "static", "sizeof", "union", "enum",
    };

    private const int MostOperators = 200;

    private HashSet<string> parameters = [];
    private ProcessProgram program = null!;
    private CCalls calls = null!;

    public List<ProcessProgram> Parse()
    {
        var processes = new List<ProcessProgram>();
        while (scanner.Peek() is var token && IsProcess(token, out int number))
        {
            scanner.Next();
            if (processes.Exists(p => p.Number == number))
            {
                throw LitmusException.Malformed(token.Line, $"P{number} is there twice");
            }

            processes.Add(ParseProcess(number));
        }

        return processes.Count > 0
            ? processes
            : throw LitmusException.Malformed(scanner.Peek().Line, $"{scanner.Peek()} where a process is expected");
    }

    /// <summary>Reads an expression.</summary>
    public Expression ParseExpression() => ParseConditional();

    private static bool IsProcess(Token token, out int number)
    {
        number = 0;
        return token.Kind == TokenKind.Name && token.Text[0] == 'P' && int.TryParse(token.Text.AsSpan(1), out number);
    }

    private ProcessProgram ParseProcess(int number)
    {
        program = new ProcessProgram { Number = number };
        calls = new CCalls(scanner, program, this);
        parameters = new HashSet<string>(StringComparer.Ordinal);
        scanner.Expect("(");
        scanner.IsCode = true;
        if (!scanner.Accept(")"))
        {
            do
            {
                ParseParameter();
            }
            while (scanner.Accept(","));
            scanner.Expect(")");
        }

        scanner.Expect("{");
        while (!scanner.Peek().Is("}"))
        {
            ParseStatement();
        }

        scanner.IsCode = false;
        scanner.Next();
        return program;
    }

    private void ParseParameter()
    {
        Token name = default;
        bool isPointer = false;
        while (scanner.Peek() is var token && !token.Is(",") && !token.Is(")"))
        {
            scanner.Next();
            if (token.Is("*"))
            {
                isPointer = true;
            }
            else if (token.Is("["))
            {
                isPointer = true;
                while (!scanner.Accept("]"))
                {
                    LitmusParser.ParseNumber(scanner.Next());
                }
            }
            else
            {
                name = token.Kind == TokenKind.Name ? token : throw LitmusException.Malformed(token.Line, $"{token} among the parameters of P{program.Number}");
            }
        }

        if (name.Text is null)
        {
            throw LitmusException.Malformed(scanner.Line, $"a parameter of P{program.Number} without a name");
        }

        if (name.Is("void") && !isPointer)
        {
            return;
        }

        if (!isPointer)
        {
            throw LitmusException.Unsupported(name.Line, $"parameter {name.Text} of P{program.Number} is not a pointer");
        }

        locations.Of(name.Text);
        parameters.Add(name.Text);
    }

    private void ParseStatement()
    {
        using Scanner.Nesting nesting = scanner.Enter();
        Token token = scanner.Peek();
        if (token.Kind == TokenKind.End)
        {
            throw LitmusException.Malformed(token.Line, $"the file ends in P{program.Number}");
        }

        if (scanner.Accept(";"))
        {
            return;
        }

        if (scanner.Accept("{"))
        {
            while (!scanner.Accept("}"))
            {
                ParseStatement();
            }

            return;
        }

        if (scanner.Accept("if"))
        {
            ParseIf(token.Line);
            return;
        }

        if (ForeignWords.Contains(token.Text))
        {
            throw LitmusException.Unsupported(token.Line, $"'{token.Text}' is not supported");
        }

        if (token.Kind == TokenKind.Name && (TypeWords.Contains(token.Text) || scanner.PeekSecond().Kind == TokenKind.Name))
        {
            ParseDeclaration();
            return;
        }

        if (calls.IsStatement(token))
        {
            scanner.Next();
            calls.ParseStatement(token);
            scanner.Expect(";");
            return;
        }

        ParseAssignment();
        scanner.Expect(";");
    }

    private void ParseIf(int line)
    {
        scanner.Expect("(");
        Expression condition = ParseExpression();
        scanner.Expect(")");
        var branch = new Instruction.Branch(line, condition, JumpsIfZero: true, IsScoped: true);
        program.Instructions.Add(branch);
        ParseStatement();
        if (!scanner.Accept("else"))
        {
            branch.Target = program.Instructions.Count;
            program.Instructions.Add(new Instruction.Leave(line));
            return;
        }

        var jump = new Instruction.Jump(line);
        program.Instructions.Add(jump);
        branch.Target = program.Instructions.Count;
        ParseStatement();
        jump.Target = program.Instructions.Count;
        program.Instructions.Add(new Instruction.Leave(line));
    }

    private void ParseDeclaration()
    {
        // A type that is not known is one word.
        if (!SkipType())
        {
            scanner.Next();
        }

        do
        {
            while (scanner.Accept("*") || scanner.Accept("const") || scanner.Accept("volatile"))
            {
            }

            Token name = scanner.Next();
            if (name.Kind != TokenKind.Name)
            {
                throw LitmusException.Malformed(name.Line, $"{name} where the name of a variable is expected");
            }

            if (parameters.Contains(name.Text))
            {
                throw LitmusException.Unsupported(name.Line, $"{name.Text} is a parameter and a local variable");
            }

            if (scanner.Peek().Is("["))
            {
                throw LitmusException.Unsupported(name.Line, $"the local array {name.Text}");
            }

            int register = program.Register(name.Text);
            if (scanner.Accept("="))
            {
                program.Instructions.Add(new Instruction.Assign(name.Line, register, ParseExpression()));
            }
        }
        while (scanner.Accept(","));
        scanner.Expect(";");
    }

    private bool SkipType()
    {
        bool isType = false;
        while (scanner.Peek() is { Kind: TokenKind.Name } token && TypeWords.Contains(token.Text))
        {
            scanner.Next();
            isType = true;
            if (token.Is("struct"))
            {
                scanner.Next();
            }
        }

        return isType;
    }

    private void ParseAssignment()
    {
        Token first = scanner.Peek();
        string increment = scanner.Accept("++") ? "++" : scanner.Accept("--") ? "--" : "";
        Expression target = ParseExpression();
        Token token = scanner.Peek();
        if (increment.Length == 0 && token.Text is "++" or "--")
        {
            scanner.Next();
            increment = token.Text;
        }

        if (increment.Length > 0)
        {
            var one = new Expression.Constant(first.Line, 1);
            Assign(first, target, new Expression.Binary(first.Line, increment is "++" ? BinaryOperator.Add : BinaryOperator.Subtract, target, one));
            return;
        }

        BinaryOperator? compound = token.Text switch
        {
            "+=" => BinaryOperator.Add,
            "-=" => BinaryOperator.Subtract,
            "*=" => BinaryOperator.Multiply,
            "|=" => BinaryOperator.Or,
            "&=" => BinaryOperator.And,
            "^=" => BinaryOperator.Xor,
            "<<=" => BinaryOperator.ShiftLeft,
            ">>=" => BinaryOperator.ShiftRight,
            _ => null,
        };
        if (compound is { } operation)
        {
            scanner.Next();
            Assign(first, target, new Expression.Binary(token.Line, operation, target, ParseExpression()));
        }
        else if (scanner.Accept("="))
        {
            Assign(first, target, ParseExpression());
        }
        else
        {
            program.Instructions.Add(new Instruction.Evaluate(first.Line, target));
        }
    }

    private void Assign(Token first, Expression target, Expression value)
    {
        switch (target)
        {
            case Expression.Register register:
                program.Instructions.Add(new Instruction.Assign(first.Line, register.Number, value));
                break;
            case Expression.Load { Flags: Explorer.EventFlags.None } load:
                program.Instructions.Add(new Instruction.Store(first.Line, load.Address, value, Explorer.EventFlags.None));
                break;
            default:
                throw LitmusException.Malformed(first.Line, $"{first} begins an assignment to what cannot be assigned to");
        }
    }

    private Expression ParseConditional()
    {
        using Scanner.Nesting nesting = scanner.Enter();
        Expression condition = ParseBinary(0);
        if (!scanner.Peek().Is("?"))
        {
            return condition;
        }

        int line = scanner.Next().Line;
        Expression then = ParseExpression();
        scanner.Expect(":");
        Expression otherwise = ParseConditional();
        return HasAccess(then) || HasAccess(otherwise)
            ? throw LitmusException.Unsupported(line, "an access in one half of '?:'")
            : new Expression.Conditional(line, condition, then, otherwise);
    }

    private static (BinaryOperator Operator, int Level)? Binary(Token token) => token.Text switch
    {
        "||" => (BinaryOperator.LogicalOr, 1),
        "&&" => (BinaryOperator.LogicalAnd, 2),
        "|" => (BinaryOperator.Or, 3),
        "^" => (BinaryOperator.Xor, 4),
        "&" => (BinaryOperator.And, 5),
        "==" => (BinaryOperator.Equal, 6),
        "!=" => (BinaryOperator.NotEqual, 6),
        "<" => (BinaryOperator.Less, 7),
        "<=" => (BinaryOperator.LessOrEqual, 7),
        ">" => (BinaryOperator.Greater, 7),
        ">=" => (BinaryOperator.GreaterOrEqual, 7),
        "<<" => (BinaryOperator.ShiftLeft, 8),
        ">>" => (BinaryOperator.ShiftRight, 8),
        "+" => (BinaryOperator.Add, 9),
        "-" => (BinaryOperator.Subtract, 9),
        "*" => (BinaryOperator.Multiply, 10),
        "/" => (BinaryOperator.Divide, 10),
        "%" => (BinaryOperator.Modulo, 10),
        _ => null,
    };

    private Expression ParseBinary(int level)
    {
        Expression left = ParseUnary();
        for (int operators = 0; Binary(scanner.Peek()) is { } found && found.Level > level; operators++)
        {
            Token token = scanner.Next();
            if (operators == MostOperators)
            {
                throw LitmusException.Unsupported(token.Line, $"more than {MostOperators} operators in a row");
            }

            Expression right = ParseBinary(found.Level);
            if (found.Operator is BinaryOperator.LogicalAnd or BinaryOperator.LogicalOr && HasAccess(right))
            {
                throw LitmusException.Unsupported(token.Line, $"an access on the right of {token}");
            }

            left = new Expression.Binary(token.Line, found.Operator, left, right);
        }

        return left;
    }

    private static bool HasAccess(Expression expression) => expression switch
    {
        Expression.Constant or Expression.Register => false,
        Expression.Unary u => HasAccess(u.Operand),
        Expression.Binary b => HasAccess(b.Left) || HasAccess(b.Right),
        Expression.Conditional c => HasAccess(c.Condition) || HasAccess(c.Then) || HasAccess(c.Else),
        _ => true,
    };

    private Expression ParseUnary()
    {
        using Scanner.Nesting nesting = scanner.Enter();
        Token token = scanner.Peek();
        switch (token.Text)
        {
            case "!":
                scanner.Next();
                return new Expression.Unary(token.Line, UnaryOperator.Not, ParseUnary());
            case "~":
                scanner.Next();
                return new Expression.Unary(token.Line, UnaryOperator.Complement, ParseUnary());
            case "-":
                scanner.Next();
                return new Expression.Unary(token.Line, UnaryOperator.Minus, ParseUnary());
            case "+":
                scanner.Next();
                return ParseUnary();
            case "*":
                scanner.Next();
                return new Expression.Load(token.Line, ParseUnary(), Explorer.EventFlags.None);
            case "&":
                scanner.Next();
                return AddressOf(ParseUnary(), token);
            default:
                return ParsePostfix();
        }
    }

    /// <summary>The address of something that is written like an access.</summary>
    public static Expression AddressOf(Expression operand, Token token) => operand is Expression.Load { Flags: Explorer.EventFlags.None } load
        ? load.Address
        : throw LitmusException.Unsupported(token.Line, $"{token} needs something in shared memory");

    private Expression ParsePostfix()
    {
        Expression expression = ParsePrimary();
        while (true)
        {
            Token token = scanner.Peek();
            switch (token.Text)
            {
                case "[":
                    scanner.Next();
                    var address = new Expression.Binary(token.Line, BinaryOperator.Add, expression, ParseExpression());
                    scanner.Expect("]");
                    expression = new Expression.Load(token.Line, address, Explorer.EventFlags.None);
                    break;
                case "->" or ".":
                    throw LitmusException.Unsupported(token.Line, "members of structures are not supported");
                default:
                    return expression;
            }
        }
    }

    private Expression ParsePrimary()
    {
        Token token = scanner.Next();
        if (token.Kind == TokenKind.Number)
        {
            return new Expression.Constant(token.Line, LitmusParser.ParseNumber(token));
        }

        if (token.Is("("))
        {
            if (scanner.Peek() is { Kind: TokenKind.Name } type && TypeWords.Contains(type.Text))
            {
                // A cast changes no value that a test calculates with.
                SkipType();
                while (scanner.Accept("*"))
                {
                }

                scanner.Expect(")");
                return ParseUnary();
            }

            Expression inner = ParseExpression();
            scanner.Expect(")");
            return inner;
        }

        if (token.Kind != TokenKind.Name || ForeignWords.Contains(token.Text) || TypeWords.Contains(token.Text))
        {
            throw LitmusException.Malformed(token.Line, $"{token} in an expression");
        }

        if (scanner.Peek().Is("("))
        {
            return calls.ParseValue(token);
        }

        if (parameters.Contains(token.Text))
        {
            return new Expression.Constant(token.Line, LocationTable.Address(locations.Of(token.Text)));
        }

        if (!program.HasRegister(token.Text))
        {
            switch (token.Text)
            {
                case "NULL" or "false":
                    return new Expression.Constant(token.Line, 0);
                case "true":
                    return new Expression.Constant(token.Line, 1);
                default:
                    break;
            }

            if (locations.Contains(token.Text))
            {
                throw LitmusException.Unsupported(token.Line, $"{token.Text} is global, but no parameter of P{program.Number}");
            }
        }

        return new Expression.Register(token.Line, program.Register(token.Text));
    }
}
