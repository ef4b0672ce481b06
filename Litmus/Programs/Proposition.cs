namespace MmuStress.Litmus;

/// <summary>A condition on final states.</summary>
internal abstract record Proposition
{
    /// <summary>Whether it holds; null where that depends on what is not known.</summary>
    /// <param name="valueOf">The value of a register or location; null where it is not known.</param>
    public abstract bool? Holds(Func<Operand, long?> valueOf);

    /// <summary>Calls back with each register and location in it.</summary>
    public abstract void Visit(Action<Operand> visit);

    public sealed record Truth(bool Value) : Proposition
    {
        public override bool? Holds(Func<Operand, long?> valueOf) => Value;

        public override void Visit(Action<Operand> visit)
        {
        }
    }

    public sealed record Comparison(Operand Left, BinaryOperator Operator, Operand Right) : Proposition
    {
        public override bool? Holds(Func<Operand, long?> valueOf)
        {
            long? left = Left.Index < 0 ? Left.Constant : valueOf(Left);
            long? right = Right.Index < 0 ? Right.Constant : valueOf(Right);
            return left is { } l && right is { } r
                ? Operator switch
                {
                    BinaryOperator.Equal => l == r,
                    BinaryOperator.NotEqual => l != r,
                    BinaryOperator.Less => l < r,
                    BinaryOperator.LessOrEqual => l <= r,
                    BinaryOperator.Greater => l > r,
                    _ => l >= r,
                }
                : null;
        }

        public override void Visit(Action<Operand> visit)
        {
            if (Left.Index >= 0)
            {
                visit(Left);
            }

            if (Right.Index >= 0)
            {
                visit(Right);
            }
        }
    }

    public sealed record Not(Proposition Inner) : Proposition
    {
        public override bool? Holds(Func<Operand, long?> valueOf) => !Inner.Holds(valueOf);

        public override void Visit(Action<Operand> visit) => Inner.Visit(visit);
    }

    public sealed record And(IReadOnlyList<Proposition> Parts) : Proposition
    {
        public override bool? Holds(Func<Operand, long?> valueOf)
        {
            bool? result = true;
            foreach (Proposition part in Parts)
            {
                bool? holds = part.Holds(valueOf);
                if (holds == false)
                {
                    return false;
                }

                result = holds is null ? null : result;
            }

            return result;
        }

        public override void Visit(Action<Operand> visit)
        {
            foreach (Proposition part in Parts)
            {
                part.Visit(visit);
            }
        }
    }

    public sealed record Or(IReadOnlyList<Proposition> Parts) : Proposition
    {
        public override bool? Holds(Func<Operand, long?> valueOf)
        {
            bool? result = false;
            foreach (Proposition part in Parts)
            {
                bool? holds = part.Holds(valueOf);
                if (holds == true)
                {
                    return true;
                }

                result = holds is null ? null : result;
            }

            return result;
        }

        public override void Visit(Action<Operand> visit)
        {
            foreach (Proposition part in Parts)
            {
                part.Visit(visit);
            }
        }
    }
}
