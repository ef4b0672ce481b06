namespace MmuStress.Litmus;

/// <summary>Operators on numbers and addresses.</summary>
internal static class Arithmetic
{
    private const long MostFactor = 1L << 24;

    public static long Apply(Expression.Unary expression, long operand)
    {
        if (expression.Operator == UnaryOperator.Not)
        {
            return operand == 0 ? 1 : 0;
        }

        RequireNumbers(expression.Line, operand, 0);
        return expression.Operator == UnaryOperator.Minus ? -operand : ~operand;
    }

    public static long Apply(Expression.Binary expression, long left, long right, LocationTable locations) =>
        Apply(expression.Line, expression.Operator, left, right, locations);

    public static long Apply(int line, BinaryOperator operation, long left, long right, LocationTable locations)
    {
        switch (operation)
        {
            case BinaryOperator.Equal:
                return left == right ? 1 : 0;
            case BinaryOperator.NotEqual:
                return left != right ? 1 : 0;
            case BinaryOperator.LogicalAnd:
                return left != 0 && right != 0 ? 1 : 0;
            case BinaryOperator.LogicalOr:
                return left != 0 || right != 0 ? 1 : 0;
            case BinaryOperator.Xor when left == right:
                return 0;
            case BinaryOperator.Subtract when left == right:
                return 0;
            case BinaryOperator.And when left == 0 || right == 0:
                return 0;
            case BinaryOperator.Add when LocationTable.IsAddress(left) && !LocationTable.IsAddress(right):
                return Move(line, left, right, locations);
            case BinaryOperator.Add when LocationTable.IsAddress(right) && !LocationTable.IsAddress(left):
                return Move(line, right, left, locations);
            case BinaryOperator.Subtract when LocationTable.IsAddress(left) && !LocationTable.IsAddress(right):
                return Move(line, left, -right, locations);
            default:
                RequireNumbers(line, left, right);
                return OfNumbers(line, operation, left, right);
        }
    }

    private static long Move(int line, long address, long elements, LocationTable locations) => locations.IsInside(address, elements)
        ? address + elements
        : throw LitmusException.Unsupported(line, $"an address {elements} elements from {locations.Text(address)}");

    private static long OfNumbers(int line, BinaryOperator operation, long left, long right)
    {
        if (operation is BinaryOperator.Divide or BinaryOperator.Modulo && right == 0)
        {
            throw LitmusException.Unsupported(line, "a division by zero");
        }

        if (operation is BinaryOperator.ShiftLeft or BinaryOperator.ShiftRight && right is < 0 or > 31)
        {
            throw LitmusException.Unsupported(line, $"a shift by {right}");
        }

        if (operation is BinaryOperator.Multiply or BinaryOperator.ShiftLeft && (Math.Abs(left) > MostFactor || Math.Abs(right) > MostFactor))
        {
            throw LitmusException.Unsupported(line, "a number that is too large");
        }

        long result = operation switch
        {
            BinaryOperator.Add => left + right,
            BinaryOperator.Subtract => left - right,
            BinaryOperator.Multiply => left * right,
            BinaryOperator.Divide => left / right,
            BinaryOperator.Modulo => left % right,
            BinaryOperator.And => left & right,
            BinaryOperator.AndNot => left & ~right,
            BinaryOperator.Or => left | right,
            BinaryOperator.Xor => left ^ right,
            BinaryOperator.ShiftLeft => left << (int)right,
            BinaryOperator.ShiftRight => left >> (int)right,
            BinaryOperator.Less => left < right ? 1 : 0,
            BinaryOperator.LessOrEqual => left <= right ? 1 : 0,
            BinaryOperator.Greater => left > right ? 1 : 0,
            BinaryOperator.GreaterOrEqual => left >= right ? 1 : 0,
            _ => throw new InvalidOperationException($"unexpected {operation}"),
        };
        return result is >= -(1L << 50) and <= 1L << 50 ? result : throw LitmusException.Unsupported(line, "a number that is too large");
    }

    private static void RequireNumbers(int line, long left, long right)
    {
        if (LocationTable.IsAddress(left) || LocationTable.IsAddress(right))
        {
            throw LitmusException.Unsupported(line, "arithmetic on an address");
        }
    }
}
