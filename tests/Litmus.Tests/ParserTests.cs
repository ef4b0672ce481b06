using MmuStress.Explorer;

namespace MmuStress.Litmus.Tests;

/// <summary>What is read out of a file, shown by the states that come of it.</summary>
public sealed class ParserTests
{
    [Theory]
    [InlineData("1 + 2 * 3", 7)]
    [InlineData("(1 + 2) * 3", 9)]
    [InlineData("10 - 4 - 3", 3)]
    [InlineData("1 << 3 >> 1", 4)]
    [InlineData("7 & 3 | 8 ^ 1", 11)]
    [InlineData("6 / 4 + 6 % 4", 3)]
    [InlineData("-3 + +5", 2)]
    [InlineData("~0 + !0 + !7", 0)]
    [InlineData("1 < 2 == 1 && 3 >= 3 || 0", 1)]
    [InlineData("0x1f + 1UL", 32)]
    [InlineData("1 ? 2 : 3", 2)]
    [InlineData("0 ? 2 : 0 ? 3 : 4", 4)]
    [InlineData("(long)(unsigned int)5 != 5", 0)]
    [InlineData("x == x && x != y && y - y == NULL", 1)]
    public void Expression_IsAsInC(string expression, long value) =>
        Assert.Equal([$"0:r0={value};"], States($"C T\n{{}}\nP0(int *x, int *y)\n{{\n\tint r0 = {expression};\n}}\nlocations [0:r0]\nforall (true)\n"));

    [Theory]
    [InlineData("int x = 3;", "x", "3")]
    [InlineData("x = 3", "x", "3")]
    [InlineData("[x]=3;", "x", "3")]
    [InlineData("atomic_t x = ATOMIC_INIT(-3);", "x", "-3")]
    [InlineData("int *x = &y; int y = 4;", "x", "&y")]
    [InlineData("intptr_t *x = y;", "x", "&y")]
    [InlineData("int x[2] = {5, 6};", "x[1]", "6")]
    [InlineData("(* (x = 9) *) x=3; // comment\n;;", "x", "3")]
    public void InitialState_IsRead(string state, string location, string value) =>
        Assert.Equal([$"{location}={value};"], States($"C T\n{{\n{state}\n}}\nP0(int *x, int *y)\n{{\n}}\nlocations [{location}]\nforall (true)\n"));

    [Fact]
    public void InitialRegisters_AreRead() => Assert.Equal(
        ["0:p=&x; 0:r1=7; x=7;"],
        States("C T\n{\n0:r1=7; int *0:p=x;\n}\nP0(int *x)\n{\n\tWRITE_ONCE(*p, r1);\n}\nlocations [0:p; 0:r1*; x]\nforall (true)\n"));

    [Theory]
    [InlineData("int r0; r0 = READ_ONCE(*x); r0++; ++r0; r0 -= 1; r0 <<= 2;", 8)]
    [InlineData("int r1 = 1, r0 = r1 + 1;", 2)]
    [InlineData("struct foo *q = x; int r0 = q == x;", 1)]
    [InlineData("foo_t r0 = 6;", 6)]
    [InlineData("int r0 = 0; if (r0) r0 = 1; else if (r0 == 0) { r0 = 2; } else { r0 = 3; }", 2)]
    [InlineData("int r0 = 0; if (1) if (0) r0 = 1; else r0 = 2;", 2)]
    [InlineData("int r0;;; { { r0 = 4; } }", 4)]
    [InlineData("int r0 = READ_ONCE(*x) + READ_ONCE(*x);", 2)]
    [InlineData("xchg(x, 5); int r0 = *x;", 5)]
    [InlineData("int r0 = atomic_fetch_or(2, x); r0 = atomic_read(x);", 3)]
    [InlineData("int r0 = atomic_sub_return_relaxed(4, x);", -3)]
    [InlineData("int r0 = atomic_add_negative(-2, x);", 1)]
    [InlineData("atomic_andnot(1, x); int r0 = atomic_inc_return_acquire(x);", 1)]
    [InlineData("int r0 = atomic_add_unless(x, 3, 1);", 0)]
    [InlineData("int r0 = cmpxchg_release(x, 1, 9) + *x;", 10)]
    [InlineData("*x += 2; int r0 = *x;", 3)]
    [InlineData("/* int r0 = 1; */ int r0 = READ_ONCE(*x); // READ_ONCE(*y)", 1)]
    public void Statements_AreAsInC(string statements, long value) =>
        Assert.Equal([$"0:r0={value};"], States($"C T\n{{\nx=1;\n}}\nP0(int *x)\n{{\n\t{statements}\n}}\nlocations [0:r0]\nforall (true)\n"));

    [Theory]
    [InlineData("exists (0:r0=1)", "Always")]
    [InlineData("exists 0:r0=1", "Always")]
    [InlineData("~exists (0:r0=1)", "Always")]
    [InlineData("~ exists (0:r0=2)", "Never")]
    [InlineData("forall (0:r0=1 => x=1)", "Always")]
    [InlineData("forall (x=2 => false)", "Always")]
    [InlineData("exists (not (0:r0=1))", "Never")]
    [InlineData("exists (~0:r0=1 \\/ 0:r0=x)", "Never")]
    [InlineData("exists (0:r0=2 \\/ x=1 /\\ 0:r0!=5)", "Always")]
    [InlineData("exists ((0:r0=2 \\/ x=1) /\\ 0:r0=5)", "Never")]
    [InlineData("exists (0:r0 >= 1 /\\ [x] < 2 /\\ *x > 0 /\\ x <= 1)", "Always")]
    [InlineData("exists (0:r0=0:r0)", "Always")]
    [InlineData("(* why *) locations [x;]\nfilter (x=1)\nexists (true)", "Always")]
    [InlineData("filter (x=2)\nexists (true)", "DEADLOCK")]
    public void Question_IsRead(string question, string answer) =>
        Assert.Equal(answer, Check($"C T\n{{\nx=1;\n}}\nP0(int *x)\n{{\n\tint r0 = READ_ONCE(*x);\n}}\n{question}\n").Summary);

    [Theory]
    [InlineData("(* Result: Never *)", "Never")]
    [InlineData("(*\n * Result: Sometimes\n * but why\n *)", "Sometimes")]
    [InlineData("(* Result: Never DATARACE *)", "Never DATARACE")]
    [InlineData("(* Result: DEADLOCK *)", "DEADLOCK")]
    [InlineData("(* Result: Maybe *)", null)]
    [InlineData("(* The result is Never *)", null)]
    public void ExpectedResult_IsFound(string comment, string? expected) =>
        Assert.Equal(expected, LitmusTest.Parse($"C T\n{comment}\n{{}}\nP0(int *x)\n{{\n\tint r0 = READ_ONCE(*x);\n}}\nexists (0:r0=1)\n").Expected?.ToString());

    [Fact]
    public void Header_MayHaveDocumentationAndKeys() => Assert.Equal(
        "odd name",
        LitmusTest.Parse("C odd name (* Result: Never *)\n\"Rfe PodRW { Fre\"\nCycle=Rfe PodRW\nHash=12\n{\n}\nP0(volatile int* x,spinlock_t* l) {\n}\nexists (x=1)").Name);

    [Theory]
    [InlineData('(', ')')]
    [InlineData('!', ' ')]
    [InlineData('{', '}')]
    public void DeepNesting_IsRefused_WithoutACrash(char open, char close)
    {
        string deep = new string(open, 100_000) + (open == '{' ? "" : "1") + new string(close, 100_000);
        string statement = open == '{' ? deep : $"int r0 = {deep};";
        string condition = open == '{' ? "x=1" : deep;
        string text = $"C T\n{{}}\nP0(int *x)\n{{\n{statement}\n}}\nexists ({condition})\n";
        Assert.True(Assert.Throws<LitmusException>(() => LitmusTest.Parse(text)).IsUnsupported);
        Assert.True(Assert.Throws<LitmusException>(() => LitmusTest.Parse($"C T\n{{}}\nP0(int *x)\n{{\n}}\nexists {new string('~', 100_000)}(x=1)\n")).IsUnsupported);
    }

    private static LitmusResult Check(string text) => new LitmusChecker(new Lkmm()).Check(LitmusTest.Parse(text));

    private static IEnumerable<string> States(string text) => Check(text).States.Select(s => s.Text);
}
