using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>The functions and macros that C litmus tests call.</summary>
/// <remarks>Mirrors: tools/memory-model/linux-kernel.def of v6.18.</remarks>
internal sealed class CCalls(Scanner scanner, ProcessProgram program, CParser expressions)
{
    private static readonly Dictionary<string, EventKind> Fences = new(StringComparer.Ordinal)
    {
        ["smp_mb"] = EventKind.Mb,
        ["smp_rmb"] = EventKind.Rmb,
        ["smp_wmb"] = EventKind.Wmb,
        ["barrier"] = EventKind.Barrier,
        ["smp_mb__before_atomic"] = EventKind.BeforeAtomic,
        ["smp_mb__after_atomic"] = EventKind.AfterAtomic,
        ["smp_mb__after_spinlock"] = EventKind.AfterSpinlock,
        ["smp_mb__after_unlock_lock"] = EventKind.AfterUnlockLock,
        ["smp_mb__after_srcu_read_unlock"] = EventKind.AfterSrcuReadUnlock,
        ["rcu_read_lock"] = EventKind.RcuLock,
        ["rcu_read_unlock"] = EventKind.RcuUnlock,
        ["synchronize_rcu"] = EventKind.SyncRcu,
        ["synchronize_rcu_expedited"] = EventKind.SyncRcu,
    };

    private static readonly Dictionary<string, BinaryOperator> Operators = new(StringComparer.Ordinal)
    {
        ["add"] = BinaryOperator.Add,
        ["sub"] = BinaryOperator.Subtract,
        ["inc"] = BinaryOperator.Add,
        ["dec"] = BinaryOperator.Subtract,
        ["and"] = BinaryOperator.And,
        ["or"] = BinaryOperator.Or,
        ["xor"] = BinaryOperator.Xor,
        ["andnot"] = BinaryOperator.AndNot,
    };

    private static readonly HashSet<string> OtherStatements = new(StringComparer.Ordinal)
    {
        "WRITE_ONCE", "smp_store_release", "smp_store_mb", "rcu_assign_pointer", "atomic_set", "atomic_set_release",
        "spin_lock", "spin_unlock", "srcu_read_unlock", "srcu_up_read", "synchronize_srcu", "synchronize_srcu_expedited",
    };

    /// <summary>Whether a word is a function that returns nothing.</summary>
    public bool IsStatement(Token token) => token.Kind == TokenKind.Name
        && (Fences.ContainsKey(token.Text) || OtherStatements.Contains(token.Text) || IsVoidAtomic(token.Text));

    /// <summary>Reads the arguments of a function that returns nothing, whose name was taken.</summary>
    public void ParseStatement(Token name)
    {
        scanner.Expect("(");
        int line = name.Line;
        List<Instruction> instructions = program.Instructions;
        if (Fences.TryGetValue(name.Text, out EventKind fence))
        {
            instructions.Add(new Instruction.Fence(line, fence));
        }
        else if (IsVoidAtomic(name.Text))
        {
            string operation = name.Text["atomic_".Length..];
            instructions.Add(new Instruction.Evaluate(line, Operate(name, operation, RmwKind.FetchOperate, EventFlags.Noreturn)));
        }
        else
        {
            ParseOther(name);
        }

        scanner.Expect(")");
    }

    /// <summary>Reads the arguments of a function that returns something, whose name was taken.</summary>
    public Expression ParseValue(Token name)
    {
        scanner.Expect("(");
        Expression value = Value(name);
        scanner.Expect(")");
        return value;
    }

    private static bool IsVoidAtomic(string name) => name.StartsWith("atomic_", StringComparison.Ordinal) && Operators.ContainsKey(name["atomic_".Length..]);

    private void ParseOther(Token name)
    {
        int line = name.Line;
        List<Instruction> instructions = program.Instructions;
        switch (name.Text)
        {
            case "WRITE_ONCE":
                Store(line, Accessed(name), EventFlags.Once);
                break;
            case "smp_store_mb":
                Store(line, Accessed(name), EventFlags.Once);
                instructions.Add(new Instruction.Fence(line, EventKind.Mb));
                break;
            case "rcu_assign_pointer":
                Store(line, Accessed(name), EventFlags.Release);
                break;
            case "smp_store_release" or "atomic_set_release":
                Store(line, expressions.ParseExpression(), EventFlags.Release);
                break;
            case "atomic_set":
                Store(line, expressions.ParseExpression(), EventFlags.Once);
                break;
            case "spin_lock":
                instructions.Add(new Instruction.Lock(line, expressions.ParseExpression()));
                break;
            case "spin_unlock":
                instructions.Add(new Instruction.Unlock(line, expressions.ParseExpression()));
                break;
            case "srcu_read_unlock" or "srcu_up_read":
                Expression srcu = expressions.ParseExpression();
                scanner.Expect(",");
                instructions.Add(new Instruction.SrcuUnlock(line, srcu, expressions.ParseExpression()));
                break;
            default:
                instructions.Add(new Instruction.SyncSrcu(line, expressions.ParseExpression()));
                break;
        }
    }

    private void Store(int line, Expression address, EventFlags flags)
    {
        scanner.Expect(",");
        program.Instructions.Add(new Instruction.Store(line, address, expressions.ParseExpression(), flags));
    }

    private Expression Value(Token name)
    {
        int line = name.Line;
        switch (name.Text)
        {
            case "READ_ONCE" or "rcu_dereference":
                return new Expression.Load(line, Accessed(name), EventFlags.Once);
            case "atomic_read":
                return new Expression.Load(line, expressions.ParseExpression(), EventFlags.Once);
            case "smp_load_acquire" or "atomic_read_acquire":
                return new Expression.Load(line, expressions.ParseExpression(), EventFlags.Acquire);
            case "spin_trylock":
                return new Expression.TryLock(line, expressions.ParseExpression());
            case "spin_is_locked":
                return new Expression.IsLocked(line, expressions.ParseExpression());
            case "srcu_read_lock" or "srcu_down_read":
                return new Expression.SrcuLock(line, expressions.ParseExpression());
            default:
                return ReadModifyWrite(name);
        }
    }

    private Expression ReadModifyWrite(Token name)
    {
        (string operation, EventFlags flags) = SplitOrdering(name.Text);
        bool isAtomic = operation.StartsWith("atomic_", StringComparison.Ordinal);
        string bare = isAtomic ? operation["atomic_".Length..] : operation;
        switch (bare)
        {
            case "xchg":
                Expression exchanged = expressions.ParseExpression();
                return new Expression.ReadModifyWrite(name.Line, RmwKind.Exchange, exchanged, BinaryOperator.Add, Argument(), null, flags);
            case "cmpxchg":
                Expression compared = expressions.ParseExpression();
                Expression old = Argument();
                return new Expression.ReadModifyWrite(name.Line, RmwKind.CompareExchange, compared, BinaryOperator.Add, old, Argument(), flags);
            case "add_unless" when isAtomic && IsFull(name.Text):
                Expression added = expressions.ParseExpression();
                Expression amount = Argument();
                return new Expression.ReadModifyWrite(name.Line, RmwKind.AddUnless, added, BinaryOperator.Add, amount, Argument(), flags);
            case "add_negative" when isAtomic:
                return new Expression.Binary(name.Line, BinaryOperator.Less, Operate(name, "add", RmwKind.OperateReturn, flags), new Expression.Constant(name.Line, 0));
            case "sub_and_test" or "dec_and_test" or "inc_and_test" when isAtomic && IsFull(name.Text):
                return new Expression.Binary(name.Line, BinaryOperator.Equal, Operate(name, bare[..3], RmwKind.OperateReturn, flags), new Expression.Constant(name.Line, 0));
            default:
                break;
        }

        const string Return = "_return";
        const string Fetch = "fetch_";
        if (isAtomic && bare.EndsWith(Return, StringComparison.Ordinal) && bare[..^Return.Length] is "add" or "sub" or "inc" or "dec")
        {
            return Operate(name, bare[..^Return.Length], RmwKind.OperateReturn, flags);
        }

        if (isAtomic && bare.StartsWith(Fetch, StringComparison.Ordinal) && Operators.ContainsKey(bare[Fetch.Length..]))
        {
            return Operate(name, bare[Fetch.Length..], RmwKind.FetchOperate, flags);
        }

        throw LitmusException.Unsupported(name.Line, $"unknown function {name.Text}()");

        static bool IsFull(string name) => SplitOrdering(name).Flags == (EventFlags.Mb | EventFlags.Rmw) && !name.EndsWith("_relaxed", StringComparison.Ordinal);
    }

    private static (string Operation, EventFlags Flags) SplitOrdering(string name)
    {
        foreach ((string suffix, EventFlags flags) in (ReadOnlySpan<(string, EventFlags)>)
            [("_relaxed", EventFlags.Once), ("_acquire", EventFlags.Acquire), ("_release", EventFlags.Release)])
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
            {
                return (name[..^suffix.Length], flags | EventFlags.Rmw);
            }
        }

        return (name, EventFlags.Mb | EventFlags.Rmw);
    }

    // op(v, x), or inc(x) and dec(x).
    private Expression.ReadModifyWrite Operate(Token name, string operation, RmwKind kind, EventFlags flags)
    {
        Expression operand = operation is "inc" or "dec" ? new Expression.Constant(name.Line, 1) : expressions.ParseExpression();
        Expression address = operation is "inc" or "dec" ? expressions.ParseExpression() : Argument();
        return new Expression.ReadModifyWrite(name.Line, kind, address, Operators[operation], operand, null, flags | EventFlags.Rmw);
    }

    private Expression Argument()
    {
        scanner.Expect(",");
        return expressions.ParseExpression();
    }

    // The argument of READ_ONCE() and the like is what is accessed, not its address.
    private Expression Accessed(Token name) => CParser.AddressOf(expressions.ParseExpression(), name);
}
