using System.Text;

namespace MmuStress.Litmus.Tests;

/// <summary>Writes small random litmus tests, as text.</summary>
internal sealed class RandomTest(int seed)
{
    private static readonly string[] Locations = ["x", "y"];

    private readonly Random random = new(seed);
    private readonly List<string> observed = ["x", "y"];
    private int accesses;

    public string Text()
    {
        // Most tests are about a few features: all of them at once seldom meet.
        bool hasLocks = random.Next(4) == 0, hasRcu = random.Next(4) == 0, hasSrcu = random.Next(6) == 0, hasPlain = random.Next(3) == 0;
        int processes = random.Next(10) < 7 ? 2 : 3;
        accesses = random.Next(4) == 0 ? 7 : 5;
        var text = new StringBuilder("C Random\n{}\n");
        for (int p = 0; p < processes; p++)
        {
            text.Append($"P{p}(int *x, int *y, spinlock_t *l, struct srcu_struct *s)\n{{\n");
            var registers = new List<string>();
            int length = 2 + random.Next(3 - processes / 3);
            bool isLocked = hasLocks && random.Next(2) == 0, isReader = hasRcu && random.Next(2) == 0, isSrcuReader = hasSrcu && random.Next(2) == 0;
            text.Append(isReader ? "rcu_read_lock();\n" : "").Append(isSrcuReader ? "int i = srcu_read_lock(s);\n" : "").Append(isLocked ? "spin_lock(l);\n" : "");
            for (int i = 0; i < length && accesses > 0; i++)
            {
                text.Append(Statement(p, registers, hasPlain)).Append('\n');
                text.Append(random.Next(3) == 0 ? Barrier(hasRcu && !isReader, hasSrcu && !isSrcuReader, isLocked) + "\n" : "");
                if (isLocked && random.Next(3) == 0)
                {
                    text.Append("spin_unlock(l);\n");
                    isLocked = false;
                }
            }

            text.Append(isLocked && random.Next(8) > 0 ? "spin_unlock(l);\n" : "").Append(isSrcuReader ? "srcu_read_unlock(s, i);\n" : "").Append(isReader ? "rcu_read_unlock();\n" : "");
            text.Append("}\n");
        }

        return text.Append($"locations [{string.Join("; ", observed)}]\nexists (x=1)\n").ToString();
    }

    private string Statement(int process, List<string> registers, bool hasPlain)
    {
        accesses--;
        string location = Locations[random.Next(Locations.Length)];
        string value = registers.Count > 0 && random.Next(2) == 0 ? registers[random.Next(registers.Count)] : $"{1 + random.Next(2)}";
        bool isPlain = hasPlain && random.Next(2) == 0;
        string place = registers.Count > 0 && random.Next(4) == 0 ? Dependent(location, registers) : location;
        string write = isPlain ? $"*{place} = {value};"
            : random.Next(4) == 0 ? $"smp_store_release({location}, {value});"
            : $"WRITE_ONCE(*{place}, {value});";
        switch (random.Next(12))
        {
            case < 3:
                return write;
            case 3 or 4 when registers.Count > 0:
                string condition = registers[random.Next(registers.Count)];
                return random.Next(2) == 0 ? $"if ({condition} == 1) {write}" : $"if ({condition} != 0) {{ {write} }} else {{ WRITE_ONCE(*{location}, 2); }}";
            case 5 when accesses > 0:
                accesses--;
                return Register($"xchg{Ordering()}({location}, {value})");
            case 6 when accesses > 0:
                accesses--;
                return Register($"cmpxchg{Ordering()}({location}, {random.Next(2)}, {1 + random.Next(2)})");
            case 7 or 8:
                return write;
            default:
                return Register(isPlain ? $"*{place}" : random.Next(4) == 0 ? $"smp_load_acquire({location})" : $"READ_ONCE(*{place})");
        }

        string Register(string read)
        {
            string name = $"r{registers.Count}";
            registers.Add(name);
            observed.Add($"{process}:{name}");
            return $"int {name} = {read};";
        }
    }

    // An address that depends on a register and is always the same.
    private string Dependent(string location, List<string> registers)
    {
        string register = registers[random.Next(registers.Count)];
        return $"({location} + ({register} ^ {register}))";
    }

    private string Ordering() => random.Next(4) switch { 0 => "", 1 => "_acquire", 2 => "_release", _ => "_relaxed" };

    private string Barrier(bool maySync, bool maySyncSrcu, bool isLocked) => random.Next(8) switch
    {
        0 or 1 => "smp_mb();",
        2 => "smp_wmb();",
        3 => "smp_rmb();",
        4 when isLocked => random.Next(2) == 0 ? "smp_mb__after_spinlock();" : "smp_mb__after_unlock_lock();",
        5 => random.Next(2) == 0 ? "smp_mb__before_atomic();" : "smp_mb__after_atomic();",
        6 or 4 when maySync => "synchronize_rcu();",
        7 or 6 when maySyncSrcu => "synchronize_srcu(s);",
        _ => "barrier();",
    };
}
