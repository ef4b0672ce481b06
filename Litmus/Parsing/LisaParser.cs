using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>Reads processes in LISA, herd's generic assembly, in columns.</summary>
internal sealed class LisaParser(Scanner scanner, LocationTable locations)
{
    private readonly List<ProcessProgram> processes = [];
    private readonly List<Dictionary<string, int>> labels = [];
    private readonly List<(int Process, Instruction Jump, string Label)> jumps = [];

    public List<ProcessProgram> Parse()
    {
        ParseHead();
        while (scanner.Peek() is var token && !IsQuestion(token))
        {
            ParseRow();
        }

        foreach ((int process, Instruction jump, string label) in jumps)
        {
            if (!labels[process].TryGetValue(label, out int target))
            {
                throw LitmusException.Malformed(jump.Line, $"there is no label {label}");
            }

            if (target <= processes[process].Instructions.IndexOf(jump))
            {
                throw LitmusException.Unsupported(jump.Line, $"a jump back to {label}: loops are not supported");
            }

            if (jump is Instruction.Branch branch)
            {
                branch.Target = target;
            }
            else
            {
                ((Instruction.Jump)jump).Target = target;
            }
        }

        return processes;
    }

    private static bool IsQuestion(Token token) => token.Text is "exists" or "forall" or "locations" or "filter" or "~" or "not" || token.Kind == TokenKind.End;

    private void ParseHead()
    {
        while (true)
        {
            Token token = scanner.Next();
            if (token.Kind != TokenKind.Name || token.Text[0] != 'P' || !int.TryParse(token.Text.AsSpan(1), out int number))
            {
                throw LitmusException.Malformed(token.Line, $"{token} where a process is expected");
            }

            processes.Add(new ProcessProgram { Number = number });
            labels.Add(new Dictionary<string, int>(StringComparer.Ordinal));
            Token separator = scanner.Next();
            if (separator.Text is ";")
            {
                return;
            }

            if (separator.Text is not "|")
            {
                throw LitmusException.Malformed(separator.Line, $"{separator} where '|' or ';' is expected");
            }
        }
    }

    private void ParseRow()
    {
        for (int process = 0; ; process++)
        {
            if (process >= processes.Count)
            {
                throw LitmusException.Malformed(scanner.Line, "more columns than processes");
            }

            Token token = scanner.Peek();
            if (token.Kind == TokenKind.Name)
            {
                ParseCell(process);
            }

            token = scanner.Next();
            switch (token.Text)
            {
                case ";":
                    return;
                case "|":
                    break;
                case "||":
                    process++;
                    break;
                default:
                    throw LitmusException.Malformed(token.Line, $"{token} where '|' or ';' is expected");
            }
        }
    }

    private void ParseCell(int process)
    {
        ProcessProgram program = processes[process];
        Token word = scanner.Next();
        if (scanner.Accept(":"))
        {
            labels[process][word.Text] = program.Instructions.Count;
            using Scanner.Nesting nesting = scanner.Enter();
            if (scanner.Peek().Kind == TokenKind.Name)
            {
                ParseCell(process);
            }

            return;
        }

        int line = word.Line;
        switch (word.Text)
        {
            case "r":
                EventFlags read = Tag() switch
                {
                    "" => EventFlags.None,
                    "once" or "deref" or "lderef" => EventFlags.Once,
                    "acquire" => EventFlags.Acquire,
                    var t => throw Unknown(line, $"r[{t}]"),
                };
                int register = program.Register(Register(scanner.Next()));
                program.Instructions.Add(new Instruction.Assign(line, register, new Expression.Load(line, Address(program), read)));
                break;
            case "w":
                EventFlags write = Tag() switch
                {
                    "" => EventFlags.None,
                    "once" => EventFlags.Once,
                    "release" or "assign" => EventFlags.Release,
                    var t => throw Unknown(line, $"w[{t}]"),
                };
                Expression address = Address(program);
                program.Instructions.Add(new Instruction.Store(line, address, Simple(program), write));
                break;
            case "f":
                AddFence(program, line);
                break;
            case "mov":
                int target = program.Register(Register(scanner.Next()));
                program.Instructions.Add(new Instruction.Assign(line, target, Value(program)));
                break;
            case "b":
                AddBranch(process, line);
                break;
            default:
                throw Unknown(line, word.Text);
        }
    }

    private void AddFence(ProcessProgram program, int line)
    {
        string tag = Tag();
        EventKind? kind = tag switch
        {
            "mb" => EventKind.Mb,
            "rmb" => EventKind.Rmb,
            "wmb" => EventKind.Wmb,
            "barrier" => EventKind.Barrier,
            "rcu_read_lock" => EventKind.RcuLock,
            "rcu_read_unlock" => EventKind.RcuUnlock,
            "sync" or "sync-rcu" or "synchronize_rcu" => EventKind.SyncRcu,
            _ => null,
        };
        program.Instructions.Add(kind is { } k ? new Instruction.Fence(line, k) : throw Unknown(line, $"f[{tag}]"));
    }

    private void AddBranch(int process, int line)
    {
        ProcessProgram program = processes[process];
        if (Tag().Length > 0)
        {
            throw Unknown(line, "b with a tag");
        }

        Token first = scanner.Next();
        if (scanner.Peek().Kind == TokenKind.Name)
        {
            var branch = new Instruction.Branch(line, new Expression.Register(line, program.Register(Register(first))), JumpsIfZero: false, IsScoped: false);
            program.Instructions.Add(branch);
            jumps.Add((process, branch, scanner.Next().Text));
        }
        else
        {
            var jump = new Instruction.Jump(line);
            program.Instructions.Add(jump);
            jumps.Add((process, jump, first.Text));
        }
    }

    private string Tag()
    {
        scanner.Expect("[");
        string tag = "";
        while (!scanner.Accept("]"))
        {
            Token token = scanner.Next();
            tag += token.Kind == TokenKind.End ? throw LitmusException.Malformed(token.Line, "the file ends in an instruction") : token.Text;
        }

        return tag;
    }

    // x, r1, x+r1, r1+r2
    private Expression Address(ProcessProgram program)
    {
        Expression address = Simple(program);
        while (scanner.Accept("+"))
        {
            using Scanner.Nesting nesting = scanner.Enter();
            address = new Expression.Binary(address.Line, BinaryOperator.Add, address, Simple(program));
        }

        return address;
    }

    // (op a b), x, r1, 1
    private Expression Value(ProcessProgram program)
    {
        if (!scanner.Accept("("))
        {
            return Address(program);
        }

        Token token = scanner.Next();
        BinaryOperator operation = token.Text switch
        {
            "add" => BinaryOperator.Add,
            "sub" => BinaryOperator.Subtract,
            "xor" => BinaryOperator.Xor,
            "and" => BinaryOperator.And,
            "or" => BinaryOperator.Or,
            "eq" => BinaryOperator.Equal,
            "neq" or "ne" => BinaryOperator.NotEqual,
            "lt" => BinaryOperator.Less,
            "le" => BinaryOperator.LessOrEqual,
            "gt" => BinaryOperator.Greater,
            "ge" => BinaryOperator.GreaterOrEqual,
            _ => throw Unknown(token.Line, token.Text),
        };
        Expression left = Simple(program);
        scanner.Accept(",");
        Expression right = Simple(program);
        scanner.Expect(")");
        return new Expression.Binary(token.Line, operation, left, right);
    }

    private Expression Simple(ProcessProgram program)
    {
        Token token = scanner.Next();
        return token.Kind switch
        {
            TokenKind.Number => new Expression.Constant(token.Line, LitmusParser.ParseNumber(token)),
            TokenKind.Name when IsRegister(token.Text) => new Expression.Register(token.Line, program.Register(token.Text)),
            TokenKind.Name => new Expression.Constant(token.Line, LocationTable.Address(locations.Of(token.Text))),
            _ when token.Text is "-" => new Expression.Constant(token.Line, -LitmusParser.ParseNumber(scanner.Next())),
            TokenKind.End => throw LitmusException.Malformed(token.Line, "the file ends in an instruction"),
            _ => throw LitmusException.Malformed(token.Line, $"{token} in an instruction"),
        };
    }

    private static bool IsRegister(string name) => name.Length > 1 && name[0] == 'r' && name.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;

    private static string Register(Token token) =>
        token.Kind == TokenKind.Name && IsRegister(token.Text) ? token.Text : throw LitmusException.Malformed(token.Line, $"{token} where a register is expected");

    private static LitmusException Unknown(int line, string what) => LitmusException.Unsupported(line, $"unknown instruction {what}");
}
